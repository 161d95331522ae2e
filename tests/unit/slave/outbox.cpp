// The outbox: results that wait for their upload, over restarts and kills.
#include <sys/stat.h>

#include <fstream>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/protocol/codec.h"
#include "slave/outbox.h"
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

OutboxEntry entry_of(std::int64_t attempt) {
  OutboxEntry entry;
  entry.attempt = attempt;
  entry.lease = "lease";
  entry.result.attempt = attempt;
  entry.result.lease = "lease";
  entry.result.outcome = protocol::Outcome::done;
  entry.upload = "/api/v1/uploads";
  entry.name = "0001.png";
  return entry;
}

std::unique_ptr<Outbox> outbox_in(fs::path const& folder, std::string const& owner = "me") {
  std::vector<std::string> dropped;
  auto outbox = Outbox::open(folder, owner, dropped);
  ck_assert_msg(outbox.has_value(), "%s", outbox ? "" : outbox.error().message.c_str());
  return std::move(*outbox);
}

// A result with its picture, committed.
OutboxEntry commit_picture(Outbox& outbox, fs::path const& scratch, std::int64_t attempt) {
  write(scratch / "picture", "pixels");
  OutboxEntry entry = entry_of(attempt);
  auto const taken = outbox.add(entry, scratch / "picture", 1000);
  ck_assert_msg(taken.has_value(), "%s", taken ? "" : taken.error().message.c_str());
  ck_assert(outbox.hash(entry).has_value());
  ck_assert(outbox.commit(entry).has_value());
  return entry;
}

START_TEST(a_result_is_found_again_by_the_next_process) {
  ScratchFolder const scratch;
  auto entry = commit_picture(*outbox_in(scratch / "outbox"), scratch.path(), 7);
  auto again = outbox_in(scratch / "outbox");
  ck_assert_uint_eq(again->entries().size(), 1);
  auto const found = again->entries().at(0);
  ck_assert(found.sha256 == to_hex(sha256("pixels")) && found.size == 6 &&
            protocol::write(found.result) == protocol::write(entry.result));
  ck_assert(read(again->image_path(found)) == "pixels");
  ck_assert(result_message(found).outputs.at(0).upload_id.empty());
}
END_TEST

START_TEST(a_result_that_version_0_1_kept_is_found_again) {
  ScratchFolder const scratch;
  commit_picture(*outbox_in(scratch / "outbox"), scratch.path(), 7);
  auto const file = scratch / "outbox" / "7" / "result.json";
  auto kept = nlohmann::json::parse(read(file));
  kept["message"] = {{"attempt", 7}, {"lease", "l"}, {"state", "done"}, {"cpu", 5}, {"wall", 6}, {"warnings", {"w"}}};
  write(file, kept.dump());
  auto const outbox = outbox_in(scratch / "outbox");
  auto const found = outbox->entries().at(0).result;
  ck_assert(found.outcome == protocol::Outcome::done && found.cpu_ms == 5 && found.wall_ms == 6);
}
END_TEST

START_TEST(an_uploads_id_is_found_again) {
  ScratchFolder const scratch;
  {
    auto outbox = outbox_in(scratch / "outbox");
    auto entry = commit_picture(*outbox, scratch.path(), 7);
    entry.upload_id = "u1";
    ck_assert(outbox->change(entry).has_value());
  }
  ck_assert(outbox_in(scratch / "outbox")->entries().at(0).upload_id == "u1");
}
END_TEST

START_TEST(what_was_not_committed_is_gone) {
  ScratchFolder const scratch;
  write(scratch / "picture", "pixels");
  {
    auto outbox = outbox_in(scratch / "outbox");
    auto entry = entry_of(7);
    ck_assert(outbox->add(entry, scratch / "picture", 1000).has_value());
  }
  ck_assert(outbox_in(scratch / "outbox")->entries().empty());
  ck_assert(fs::is_empty(scratch / "outbox"));
}
END_TEST

// Every state of the disk between two steps of commit and remove, as a kill leaves it.
START_TEST(a_kill_at_any_step_leaves_all_or_nothing) {
  ScratchFolder const scratch;
  fs::path const folder = scratch / "outbox";
  commit_picture(*outbox_in(folder), scratch.path(), 7);
  std::string const text = read(folder / "7" / "result.json");

  write(folder / "8.new" / "0001.png", "pixels");   // staged
  fs::create_directories(folder / "9.new");         // begun
  write(folder / "10.new" / "0001.png", "pixels");  // written, not renamed
  write(folder / "10.new" / "result.json", text);
  write(folder / "11.gone" / "0001.png", "pixels");       // removed, half deleted
  write(folder / "7" / "result.json.tmp", "{\"half\":");  // being changed
  auto const outbox = outbox_in(folder);
  ck_assert_uint_eq(outbox->entries().size(), 1);
  ck_assert_int_eq(outbox->entries().at(0).attempt, 7);
  outbox->remove(7);
  ck_assert(fs::is_empty(folder));
  ck_assert(outbox->entries().empty());
}
END_TEST

START_TEST(damaged_results_are_dropped_and_named) {
  ScratchFolder const scratch;
  fs::path const folder = scratch / "outbox";
  for (int attempt : {1, 2, 3, 4}) commit_picture(*outbox_in(folder), scratch.path(), attempt);
  write(folder / "1" / "result.json", "{\"attempt\":1,");
  fs::remove(folder / "2" / "0001.png");
  write(folder / "3" / "0001.png", "pix");
  std::vector<std::string> dropped;
  auto const outbox = Outbox::open(folder, "me", dropped);
  ck_assert_uint_eq(dropped.size(), 3);
  ck_assert_uint_eq((*outbox)->entries().size(), 1);
}
END_TEST

START_TEST(results_for_another_server_stay_untouched) {
  ScratchFolder const scratch;
  commit_picture(*outbox_in(scratch / "outbox", "other"), scratch.path(), 7);
  ck_assert(outbox_in(scratch / "outbox", "me")->entries().empty());
  ck_assert_uint_eq(outbox_in(scratch / "outbox", "other")->entries().size(), 1);
}
END_TEST

START_TEST(only_plain_files_of_allowed_size_are_taken) {
  ScratchFolder const scratch;
  auto outbox = outbox_in(scratch / "outbox");
  auto entry = entry_of(1);
  ck_assert(!outbox->add(entry, scratch / "nothing", 1000));
  write(scratch / "secret", "secret");
  fs::create_symlink(scratch / "secret", scratch / "link");
  ck_assert(!outbox->add(entry, scratch / "link", 1000));
  fs::create_hard_link(scratch / "secret", scratch / "hard");
  ck_assert(!outbox->add(entry, scratch / "hard", 1000));
  fs::create_directory(scratch / "folder");
  ck_assert(!outbox->add(entry, scratch / "folder", 1000));
  ck_assert_int_eq(::mkfifo((scratch / "pipe").c_str(), 0600), 0);
  ck_assert(!outbox->add(entry, scratch / "pipe", 1000));
  write(scratch / "big", std::string(1001, 'x'));
  auto const big = outbox->add(entry, scratch / "big", 1000);
  ck_assert(!big);
  ck_assert_says(big.error().message, "1001");
  ck_assert(read(scratch / "secret") == "secret");
}
END_TEST

START_TEST(a_result_said_twice_is_kept_once) {
  ScratchFolder const scratch;
  auto outbox = outbox_in(scratch / "outbox");
  commit_picture(*outbox, scratch.path(), 7);
  auto other = entry_of(7);
  other.name.clear();
  other.result.outcome = protocol::Outcome::returned;
  ck_assert(outbox->commit(other).has_value());
  ck_assert_uint_eq(outbox->entries().size(), 1);
  auto const again = outbox_in(scratch / "outbox");
  ck_assert(again->entries().at(0).result.outcome == protocol::Outcome::returned);
  ck_assert(result_message(again->entries().at(0)).outputs.empty());
}
END_TEST

START_TEST(a_result_of_several_files_is_found_again_with_each_upload) {
  ScratchFolder const scratch;
  auto outbox = outbox_in(scratch / "outbox");
  write(scratch / "out" / "picture", "pixels");
  write(scratch / "out" / "Depth" / "0001.exr", "depth");
  OutboxEntry entry = entry_of(7);
  ck_assert(outbox->add(entry, scratch / "out" / "picture", 1000).has_value());
  ck_assert_int_eq(*outbox->add_further(entry, scratch / "out", "Depth/0001.exr", 1000), 5);
  ck_assert(outbox->hash(entry).has_value() && outbox->hash(entry, 0).has_value());
  ck_assert(outbox->commit(entry).has_value());
  entry.upload_id = "u1";
  entry.more[0].upload_id = "u2";
  ck_assert(outbox->change(entry).has_value());
  auto const found = outbox_in(scratch / "outbox")->entries().at(0);
  auto const outputs = result_message(found).outputs;
  ck_assert_uint_eq(outputs.size(), 2);
  ck_assert(outputs[1].name == "Depth/0001.exr" && outputs[1].upload_id == "u2" && outputs[1].size_bytes == 5);
  ck_assert(outputs[1].sha256 == to_hex(sha256("depth")));
  ck_assert(read(outbox->further_path(found, 0)) == "depth");
  write(scratch / "outbox" / "7" / "further-1", "cut");
  ck_assert(outbox_in(scratch / "outbox")->entries().empty());
}
END_TEST

START_TEST(further_files_are_taken_through_no_link_and_within_their_limit) {
  ScratchFolder const scratch;
  auto outbox = outbox_in(scratch / "outbox");
  write(scratch / "out" / "picture", "pixels");
  write(scratch / "out" / "large.png", "0123456789");
  write(scratch / "private" / "diary.png", "secret");
  fs::create_directory_symlink(scratch / "private", scratch / "out" / "Link");
  fs::create_symlink(scratch / "private" / "diary.png", scratch / "out" / "link.png");
  OutboxEntry entry = entry_of(7);
  ck_assert(outbox->add(entry, scratch / "out" / "picture", 1000).has_value());
  ck_assert(outbox->add_further(entry, scratch / "out", "Link/diary.png", 1000).error().code == Errc::invalid);
  ck_assert(outbox->add_further(entry, scratch / "out", "link.png", 1000).error().code == Errc::invalid);
  ck_assert(outbox->add_further(entry, scratch / "out", "absent.png", 1000).error().code == Errc::invalid);
  ck_assert_says(outbox->add_further(entry, scratch / "out", "large.png", 9).error().message, "large.png");
  ck_assert(entry.more.empty() && read(scratch / "private" / "diary.png") == "secret");
}
END_TEST

TestGroup const outbox_tests{
    "outbox",
    {a_result_is_found_again_by_the_next_process, a_result_that_version_0_1_kept_is_found_again,
     an_uploads_id_is_found_again, what_was_not_committed_is_gone, a_kill_at_any_step_leaves_all_or_nothing,
     damaged_results_are_dropped_and_named, results_for_another_server_stay_untouched,
     only_plain_files_of_allowed_size_are_taken, a_result_said_twice_is_kept_once,
     a_result_of_several_files_is_found_again_with_each_upload,
     further_files_are_taken_through_no_link_and_within_their_limit}};

}  // namespace
