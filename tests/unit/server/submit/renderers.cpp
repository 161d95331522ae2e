// What jobs are pinned to when they are made, and what is said where nothing fits; what archives' names and programs
// say.
#include "server/submit/renderer_archive.h"
#include "server/submit/renderer_match.h"
#include "tests/support/check_main.h"

namespace {

using namespace distren;

std::string const build_a(64, 'a');

RendererNeed file_of(std::string saved, std::string min_version, std::string wanted = {}) {
  return {.method = "blender",
          .min_version = std::move(min_version),
          .renderer = {.wanted = std::move(wanted), .saved = std::move(saved)}};
}

std::string said(RendererNeed const& need, std::vector<RendererOffer> const& offers, std::string const& build = {}) {
  auto const matched = match_renderer(need, build, offers);
  ck_assert(!matched);
  ck_assert_text(std::string(matched.error().problem), "no_renderer");
  return matched.error().message;
}

START_TEST(a_job_is_pinned_to_what_suits_its_file) {
  auto const matched = match_renderer(file_of("4.3", "4.0"), {}, {{"3.4.1"}, {"4.3.2", build_a}, {"5.2.2"}});
  ck_assert(matched.has_value());
  ck_assert_text(matched->version, "4.3.2");
  ck_assert_text(matched->build, build_a);
  ck_assert_text(matched->saved, "4.3");
}
END_TEST

START_TEST(a_grid_that_knows_no_renderer_and_a_method_that_says_nothing_leave_it_to_the_first_order) {
  for (auto const& offers : {std::vector<RendererOffer>{}, std::vector<RendererOffer>{{"5.1"}}}) {
    auto const matched = match_renderer({.method = "ffmpeg", .min_version = "0"}, {}, offers);
    ck_assert(matched.has_value());
    ck_assert(!matched->chosen());
  }
  auto const fresh = match_renderer(file_of("9.9", "9.0"), {}, {});
  ck_assert(fresh.has_value());
  ck_assert(!fresh->chosen());
}
END_TEST

START_TEST(where_nothing_fits_it_is_said_what_saved_the_file_and_what_there_is) {
  std::vector<RendererOffer> const grid{{"3.4.1"}, {"4.3.2"}, {"4.3.2", build_a}};
  auto const newer = said(file_of("5.2", "5.0"), grid);
  ck_assert_says(newer, "saved by blender 5.2");
  ck_assert_says(newer, "this grid has 3.4.1 and 4.3.2");
  ck_assert_says(newer, "ask its administrator");
  ck_assert_says(said(file_of("4.4", "4.0"), grid), "4.3.2 can open it and may render it differently");
  ck_assert_says(said(file_of("3.4", "2.80", "4.4"), grid), "this grid has no blender 4.4; it has 3.4.1 and 4.3.2");
  ck_assert_says(said(file_of("4.3", "4.0", "3.4"), grid), "needs 4.0 or newer");
  ck_assert_says(said(file_of("4.3", "4.0", "4.3"), grid, std::string(64, 'b')), "no blender 4.3 (build bbbbbbbbbbbb)");
  ck_assert_says(said(file_of("4.3", "4.0", "4.3"), {}, build_a), "this grid has no blender 4.3");
}
END_TEST

START_TEST(one_build_of_a_version_can_be_wanted) {
  std::vector<RendererOffer> const grid{{"4.3.2", std::string(64, 'b'), true, 2}, {"4.3.2", build_a, true, 1}};
  auto const matched = match_renderer(file_of("4.3", "4.0", "4.3"), build_a, grid);
  ck_assert(matched.has_value());
  ck_assert_text(matched->build, build_a);
}
END_TEST

START_TEST(a_files_name_says_a_version_or_none) {
  ck_assert_text(version_in_name("blender-4.3.2-linux-x64.tar.xz"), "4.3.2");
  ck_assert_text(version_in_name("blender-5.2-linux-x64.tar.xz"), "5.2");
  ck_assert_text(version_in_name("blender_v4.5.1.tar.zst"), "4.5.1");
  for (auto const* name : {"blender.tar.xz", "blender-64.tar.xz", "tree.tar", "x86_64.tar.gz", "", "blender-1.2.3.4.5"})
    ck_assert_text(version_in_name(name), "");
}
END_TEST

START_TEST(a_programs_first_bytes_say_its_platform) {
  std::string elf(
      "\x7f"
      "ELF\x02\x01\x01",
      7);
  elf.resize(64, '\0');
  elf[18] = 62;
  ck_assert_text(platform_of(elf), "linux-x86_64");
  elf[18] = static_cast<char>(183);
  ck_assert_text(platform_of(elf), "linux-aarch64");
  ck_assert_text(platform_of("MZ and more"), "a Windows program");
  ck_assert_text(platform_of("#!/bin/sh\n"), own_platform());
  ck_assert_text(platform_of("\x7f"
                             "ELF"),
                 "no program");
  ck_assert_text(platform_of(""), "no program");
}
END_TEST

START_TEST(without_a_sandbox_no_archive_is_taken) {
  auto const found =
      inspect_archive({.program = {}, .sandboxed = false, .work = {}}, RenderMethod{}, "/nonexistent", "blender.tar");
  ck_assert(!found && found.error().code == Errc::unavailable);
  ck_assert_says(found.error().message, "sandbox");
}
END_TEST

START_TEST(what_people_write_as_a_version_is_of_numbers) {
  for (auto const* good : {"4", "4.3", "4.3.2", "4.10.0.1"}) ck_assert(is_renderer_version(good));
  for (auto const* bad : {"", ".", "4.", ".4", "4..3", "v4", "4.3 ", "1.2.3.4.5", "-1"})
    ck_assert_msg(!is_renderer_version(bad), "%s", bad);
}
END_TEST

TestGroup const renderer_match_tests{
    "renderers",
    {a_job_is_pinned_to_what_suits_its_file,
     a_grid_that_knows_no_renderer_and_a_method_that_says_nothing_leave_it_to_the_first_order,
     where_nothing_fits_it_is_said_what_saved_the_file_and_what_there_is, one_build_of_a_version_can_be_wanted,
     a_files_name_says_a_version_or_none, a_programs_first_bytes_say_its_platform,
     without_a_sandbox_no_archive_is_taken, what_people_write_as_a_version_is_of_numbers}};

}  // namespace
