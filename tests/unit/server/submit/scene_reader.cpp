// The server's look into a stranger's scene: whatever happens to the child that reads it, the owner gets a sentence.
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "common/process/sandbox.h"
#include "scene/scene_json.h"
#include "server/submit/scene_reader.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;

namespace {

bool boxed() {
  static bool const works = sandbox_available().has_value();
  return works;
}

std::filesystem::path real_program() {
  auto const* build = std::getenv("top_builddir");
  return std::filesystem::path(build == nullptr ? "." : build) / "distren-scene";
}

void write(std::filesystem::path const& file, std::string const& text) {
  std::ofstream(file, std::ios::binary) << text;
}

// A reader that does this instead of reading; $3 is the scene.
SceneReader pretender(ScratchFolder const& scratch, std::string const& script) {
  auto const program = scratch / "program" / "distren-scene";
  std::filesystem::create_directories(program.parent_path());
  write(program, "#!/bin/sh\n" + script + "\n");
  ck_assert_int_eq(chmod(program.c_str(), 0755), 0);
  return {program, boxed()};
}

Error error_of(SceneReader const& reader, std::filesystem::path const& file) {
  auto summary = read_blend(reader, file);
  ck_assert(!summary);
  ck_assert_msg(summary.error().message.size() < 1000, "%s", summary.error().message.c_str());
  return summary.error();
}

Error pretended(std::string const& script) {
  ScratchFolder const scratch;
  write(scratch / "scene.blend", "a scene");
  return error_of(pretender(scratch, script), scratch / "scene.blend");
}

START_TEST(a_scene_reads_the_same_through_the_sandbox) {
  auto const sample = source_folder() / "methods/blender/sample/distren-sample.blend";
  auto const direct = inspect_blend(sample);
  auto const through = read_blend({real_program(), boxed()}, sample);
  ck_assert(direct.has_value());
  ck_assert_msg(through.has_value(), "%s", through ? "" : through.error().message.c_str());
  ck_assert(to_json(*through) == to_json(*direct));
  ck_assert_text(through->scenes.at(0).camera.value_or("none"), "Camera");
}
END_TEST

START_TEST(what_is_no_scene_keeps_its_reason) {
  ScratchFolder const scratch;
  write(scratch / "x", "version https://git-lfs.github.com/spec/v1\n");
  auto const error = error_of({real_program(), boxed()}, scratch / "x");
  ck_assert(error.code == Errc::invalid);
  ck_assert_says(error.message, "git-LFS pointer");
}
END_TEST

START_TEST(a_reader_that_crashes_blames_the_file) {
  auto const error = pretended("kill -SEGV $$");
  ck_assert(error.code == Errc::invalid);
  ck_assert_says(error.message, "its reader ");
  ck_assert_says(error.message, "open it in Blender, save it under a new name");
}
END_TEST

START_TEST(a_reader_that_hangs_is_ended_at_its_deadline) {
  ScratchFolder const scratch;
  write(scratch / "scene.blend", "a scene");
  auto reader = pretender(scratch, "sleep 1000 & sleep 1000");
  reader.deadline = std::chrono::seconds(1);
  auto const error = error_of(reader, scratch / "scene.blend");
  ck_assert(error.code == Errc::invalid);
  ck_assert_says(error.message, "took longer than 1");
}
END_TEST

START_TEST(a_reader_that_eats_memory_is_stopped) {
  ScratchFolder const scratch;
  write(scratch / "scene.blend", "a scene");
  // tail keeps what has no line end, that is all of it.
  auto reader = pretender(scratch, "head -c 4000000000 /dev/zero | tail -n 1 | wc -c");
  reader.memory = std::uint64_t{64} << 20;
  auto const error = error_of(reader, scratch / "scene.blend");
  ck_assert(error.code == Errc::invalid);
  ck_assert_says(error.message, "it cannot be read");
}
END_TEST

START_TEST(a_gigabyte_of_words_is_cut) {
  auto const one_line = pretended("head -c 1073741824 /dev/zero | tr '\\0' x");
  ck_assert(one_line.code == Errc::invalid);
  ck_assert_says(one_line.message, "said more than 24");
  auto const many_lines = pretended("yes \"$(head -c 2000 /dev/zero | tr '\\0' x)\" | head -c 1073741824");
  ck_assert(many_lines.code == Errc::invalid);
  ck_assert_says(many_lines.message, "said more than 24");
}
END_TEST

START_TEST(nonsense_is_not_believed) {
  for (auto const* said :
       {"", "hello", "[]", "{}", "{\"ok\":1}", "{\"ok\":true}", "{\"ok\":true,\"blend\":[]}",
        "{\"ok\":true,\"blend\":{\"version\":\"three\"}}", "{\"ok\":true,\"blend\":{\"version\":99999999999}}",
        "{\"ok\":true,\"blend\":{\"cameras\":[1]}}", "{\"ok\":true,\"blend\":{\"scenes\":{}}}"}) {
    auto const error = pretended(std::string("printf '%s' '") + said + "'");
    ck_assert_msg(error.code == Errc::invalid, "%s", said);
    ck_assert_says(error.message, "it cannot be read");
  }
}
END_TEST

START_TEST(control_characters_do_not_reach_the_owner) {
  auto const error = pretended("printf '{\"ok\":false,\"code\":\"invalid\",\"error\":\"a\\\\u001b[31mb\"}'");
  ck_assert_text(error.message, "a [31mb");
}
END_TEST

START_TEST(the_reader_sees_the_scene_and_nothing_else) {
  if (!boxed()) return;
  ScratchFolder const scratch;
  write(scratch / "scene.blend", "a scene");
  write(scratch / "secret", "another file beside it");
  auto const script =
      "if cat \"$3\" >/dev/null && ! cat '" + (scratch / "secret").string() + "' && ! ls /root >&2 && " +
      "! echo x >>\"$3\" && ! head -c 100000000 /dev/zero >/tmp/full && [ \"$(ls /sys/class/net)\" = '' ]; " +
      "then printf '{\"ok\":true,\"blend\":{\"version\":304}}'; fi";
  auto const summary = read_blend(pretender(scratch, script), scratch / "scene.blend");
  ck_assert_msg(summary.has_value(), "%s", summary ? "" : summary.error().message.c_str());
  ck_assert_int_eq(summary->version, 304);
}
END_TEST

START_TEST(a_reader_that_is_not_there_is_no_fault_of_the_file) {
  ScratchFolder const scratch;
  write(scratch / "scene.blend", "a scene");
  auto const error = error_of({scratch / "nowhere", boxed()}, scratch / "scene.blend");
  ck_assert(error.code == Errc::unavailable);
}
END_TEST

TestGroup const good_tests{"good", {a_scene_reads_the_same_through_the_sandbox, what_is_no_scene_keeps_its_reason}};
TestGroup const bad_tests{"bad",
                          {a_reader_that_crashes_blames_the_file, a_reader_that_hangs_is_ended_at_its_deadline,
                           a_reader_that_eats_memory_is_stopped, a_gigabyte_of_words_is_cut, nonsense_is_not_believed,
                           control_characters_do_not_reach_the_owner, the_reader_sees_the_scene_and_nothing_else,
                           a_reader_that_is_not_there_is_no_fault_of_the_file},
                          {.timeout_s = 300}};

}  // namespace
