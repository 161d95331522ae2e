// Orders as the slave reads them, and the working copies of their files.
#include <fstream>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "common/render/render_method.h"
#include "slave/workspace.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

void write(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(fs::path const& path) {
  return read_file(path).value();
}

json good_order() {
  std::string const digest = to_hex(sha256("scene"));
  return {
      {"type", "order"},
      {"kind", "render"},
      {"job", 1},
      {"renderer", {{"method", "blender"}, {"version", "3.4"}}},
      {"parameters", {{"file", "scene.blend"}}},
      {"inputs", {{{"path", "scene.blend"}, {"size_bytes", 5}, {"sha256", digest}, {"url", "/api/v1/files/blobs/x"}}}},
      {"attempts",
       {{{"attempt", 9},
         {"task", 5},
         {"frame", 5},
         {"lease", "l"},
         {"upload", {{"protocol", "tus-1.0"}, {"url", "/api/v1/uploads?attempt=9"}}},
         {"outputs", {{{"name", "0005.png"}, {"format", "PNG"}, {"width", 8}, {"height", 6}, {"max_bytes", 1000}}}}}}}};
}

std::string refusal(json const& message) {
  auto const order = protocol::parse<protocol::Order>(message);
  return order ? "" : order.error().message;
}

protocol::FrameOrder frame_of(json const& message) {
  return protocol::frames_of(*protocol::parse<protocol::Order>(message)).at(0);
}

START_TEST(a_good_order_is_read) {
  auto const order = frame_of(good_order());
  ck_assert_int_eq(order.attempt, 9);
  ck_assert_int_eq(order.output->height, 6);
  ck_assert(order.inputs.at(0).path == "scene.blend");
  ck_assert_int_eq(order.deadline_ms, 900'000);
  ck_assert_int_eq(order.parameters["frame"].get<int>(), 5);
}
END_TEST

START_TEST(an_order_without_attempt_or_lease_is_refused) {
  for (auto const* member : {"/attempts/0/attempt", "/attempts/0/lease", "/renderer/method", "/attempts"}) {
    auto message = good_order();
    auto const path = json::json_pointer(member);
    message[path.parent_pointer()].erase(path.back());
    ck_assert_says(refusal(message), "missing");
  }
  ck_assert(!refusal(json::array()).empty());
  ck_assert(!refusal(nullptr).empty());
}
END_TEST

START_TEST(paths_that_lead_out_are_refused) {
  for (auto const* path : {"../x", "/x", "a/../../x", "a//x", "", "a\\x", "./x"}) {
    auto message = good_order();
    message["inputs"][0]["path"] = path;
    ck_assert_msg(!refusal(message).empty(), "%s", path);
    message = good_order();
    message["attempts"][0]["outputs"][0]["name"] = path;
    ck_assert_msg(!refusal(message).empty(), "%s", path);
  }
}
END_TEST

START_TEST(a_name_that_is_file_and_folder_is_refused) {
  auto message = good_order();
  auto second = message["inputs"][0];
  second["path"] = "scene.blend/x";
  message["inputs"].push_back(second);
  ck_assert_says(refusal(message), "file and a folder");
  message["inputs"][1]["path"] = "scene.blend";
  ck_assert_says(refusal(message), "twice");
}
END_TEST

START_TEST(digests_sizes_and_limits_are_checked) {
  auto message = good_order();
  message["inputs"][0]["sha256"] = "../../etc";
  ck_assert_says(refusal(message), "SHA-256");
  message = good_order();
  message["inputs"][0]["size_bytes"] = -1;
  ck_assert_says(refusal(message), "size");
  message = good_order();
  message["attempts"][0]["outputs"][0]["max_bytes"] = 0;
  ck_assert_says(refusal(message), "max_bytes");
  message = good_order();
  message["attempts"][0]["outputs"][0]["width"] = 1e9;
  ck_assert_says(refusal(message), "width");
  message["attempts"][0]["outputs"][0]["width"] = nullptr;
  ck_assert(refusal(message).empty() && frame_of(message).output->width == 0);  // not known
}
END_TEST

START_TEST(a_working_copy_has_the_files_at_their_paths) {
  ScratchFolder const scratch;
  write(scratch / "blob", "scene");
  for (bool const linked : {true, false}) {
    auto workspace = Workspace::open(scratch / (linked ? "linked" : "copied"), linked);
    auto message = good_order();
    message["inputs"][0]["path"] = "video/a/scene.blend";
    auto const order = frame_of(message);
    int fetched = 0;
    auto const fetch = [&](protocol::Input const&) {
      ++fetched;
      return Result<fs::path>(scratch / "blob");
    };
    for (int i = 0; i < 2; ++i) {
      auto const folder = workspace->prepare(order, fetch);
      ck_assert(folder.has_value());
      ck_assert(read(*folder / "video/a/scene.blend") == "scene");
      ck_assert_uint_eq(fs::hard_link_count(*folder / "video/a/scene.blend"), linked ? 2 : 1);
    }
    ck_assert_int_eq(fetched, 1);
  }
}
END_TEST

START_TEST(a_working_copy_that_was_not_finished_is_made_anew) {
  ScratchFolder const scratch;
  write(scratch / "jobs" / "1-abc.new" / "scene.blend", "half");
  auto workspace = Workspace::open(scratch / "jobs", true);
  ck_assert(fs::is_empty(scratch / "jobs"));
  auto const order = frame_of(good_order());
  auto const failing = workspace->prepare(order, [](protocol::Input const&) {
    return Result<fs::path>(Error{Errc::unavailable, "the server is away"});
  });
  ck_assert(!failing && !workspace->holds(order));
}
END_TEST

START_TEST(other_files_of_a_job_are_another_working_copy) {
  ScratchFolder const scratch;
  write(scratch / "blob", "scene");
  auto workspace = Workspace::open(scratch / "jobs", true);
  auto const fetch = [&](protocol::Input const&) { return Result<fs::path>(scratch / "blob"); };
  auto const first = frame_of(good_order());
  auto second = first;
  second.inputs[0].sha256 = to_hex(sha256("other"));
  ck_assert(*workspace->prepare(first, fetch) != *workspace->prepare(second, fetch));
}
END_TEST

TestGroup const orders_tests{
    "orders",
    {a_good_order_is_read, an_order_without_attempt_or_lease_is_refused, paths_that_lead_out_are_refused,
     a_name_that_is_file_and_folder_is_refused, digests_sizes_and_limits_are_checked,
     a_working_copy_has_the_files_at_their_paths, a_working_copy_that_was_not_finished_is_made_anew,
     other_files_of_a_job_are_another_working_copy}};

}  // namespace
