// Images between check and verdict: nothing but an accepted one gets its final name, and a kill at any point loses
// none.
#include <stdlib.h>

#include <fstream>

#include "common/base/files.h"
#include "server/storage/job_folder.h"
#include "server/storage/staged_results.h"
#include "tests/support/check_main.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

struct Stor {
  fs::path folder;
  std::int64_t now = 1'000'000;
  std::unique_ptr<StagedResults> staged;
  Stor() {
    char name[] = "/tmp/distren-staged-XXXXXX";
    folder = ::mkdtemp(name);
    fs::create_directories(output_folder(folder, 1));
    start();
  }
  Stor(Stor const&) = delete;
  Stor& operator=(Stor const&) = delete;
  ~Stor() { fs::remove_all(folder); }
  void start() {  // again: what memory knew is gone
    staged = std::make_unique<StagedResults>(folder, [this] { return now; });
    ck_assert(staged->open().has_value());
  }
  void stage(std::int64_t attempt, std::string const& content) {
    auto const upload = folder / "upload";
    std::ofstream(upload) << content;
    ck_assert(staged->stage({1, 5, attempt, {{"0001.png", content}}}, {upload}).has_value());
    ck_assert(!fs::exists(upload));
  }
  [[nodiscard]] std::string image() const {
    auto const content = read_file(output_folder(folder, 1) / "0001.png", 100);
    return content ? *content : "";
  }
  [[nodiscard]] bool empty() const { return fs::is_empty(folder / "staged"); }
};

}  // namespace

START_TEST(an_image_gets_its_name_with_the_verdict_alone) {
  Stor stor;
  stor.stage(9, "good");
  ck_assert_text(stor.image(), "");
  stor.staged->settle(9, true);
  ck_assert_text(stor.image(), "good");
  stor.stage(10, "false");
  stor.staged->settle(10, false);
  stor.staged->settle(10, true);  // said again: there is nothing any more
  ck_assert_text(stor.image(), "good");
  ck_assert(stor.empty());
}
END_TEST

START_TEST(a_reader_whose_row_says_accepted_finds_the_image_before_the_rename) {
  Stor stor;
  stor.stage(9, "old");
  stor.staged->settle(9, true);
  stor.stage(10, "new");
  stor.staged->place(1, "0001.png", "old");  // the row is not written yet
  ck_assert_text(stor.image(), "old");
  stor.staged->place(1, "0001.png", "new");
  ck_assert_text(stor.image(), "new");
  stor.staged->settle(10, true);
  ck_assert_text(stor.image(), "new");
  ck_assert(stor.empty());
}
END_TEST

START_TEST(what_a_kill_left_is_placed_when_the_database_has_accepted_it) {
  Stor stor;
  stor.stage(9, "good");
  stor.start();
  auto const left = stor.staged->left_over();
  ck_assert_uint_eq(left.size(), 1);
  ck_assert(left[0].job == 1 && left[0].task == 5 && left[0].attempt == 9);
  stor.staged->resolve(left[0], {"0001.png"});
  ck_assert_text(stor.image(), "good");
  ck_assert(stor.empty() && stor.staged->left_over().empty());
}
END_TEST

START_TEST(what_a_kill_left_and_nobody_accepts_is_swept_after_an_hour) {
  Stor stor;
  stor.stage(9, "lost");
  stor.start();
  auto const left = stor.staged->left_over();
  stor.now += 3599;
  stor.staged->resolve(left[0], {});
  ck_assert(!stor.empty());  // its commit may still be on the way
  stor.now += 1;
  stor.staged->resolve(left[0], {});
  ck_assert(stor.empty());
  ck_assert_text(stor.image(), "");
}
END_TEST

START_TEST(an_image_that_is_sent_again_after_a_restart_takes_the_old_one_s_place) {
  Stor stor;
  stor.stage(9, "first");
  stor.start();
  stor.stage(9, "again");
  ck_assert(stor.staged->left_over().empty());
  stor.staged->settle(9, true);
  ck_assert_text(stor.image(), "again");
}
END_TEST

namespace {

// A result of two files, of one task or another.
Result<void> stage_two(Stor& stor, std::int64_t task, std::int64_t attempt, std::string const& content,
                       std::string const& second) {
  std::vector<fs::path> const uploads{stor.folder / "upload", stor.folder / "upload.1"};
  for (auto const& each : uploads) std::ofstream(each) << content;
  auto const main = "000" + std::to_string(task) + ".png";
  return stor.staged->stage({1, task, attempt, {{main, content}, {second, content}}}, uploads);
}

std::string output(Stor const& stor, std::string const& name) {
  auto const content = read_file(output_folder(stor.folder, 1) / name, 100);
  return content ? *content : "";
}

}  // namespace

START_TEST(all_files_of_a_result_get_their_names_or_none) {
  Stor stor;
  ck_assert(stage_two(stor, 1, 9, "good", "Depth/0001.exr").has_value());
  ck_assert(!fs::exists(output_folder(stor.folder, 1) / "Depth"));
  stor.staged->settle(9, true);
  ck_assert(output(stor, "0001.png") == "good" && output(stor, "Depth/0001.exr") == "good");
  ck_assert(stage_two(stor, 1, 10, "late", "Depth/0001.exr").has_value());
  stor.staged->settle(10, false);
  ck_assert(output(stor, "0001.png") == "good" && output(stor, "Depth/0001.exr") == "good");
  ck_assert(stor.empty());
}
END_TEST

START_TEST(each_file_is_found_by_the_reader_whose_row_has_its_digest) {
  Stor stor;
  ck_assert(stage_two(stor, 1, 9, "good", "Depth/0001.exr").has_value());
  stor.staged->place(1, "Depth/0001.exr", "good");
  ck_assert(output(stor, "0001.png").empty() && output(stor, "Depth/0001.exr") == "good");
  stor.staged->settle(9, true);
  ck_assert(output(stor, "0001.png") == "good" && stor.empty());
}
END_TEST

START_TEST(two_frames_that_wait_never_have_one_name) {
  Stor stor;
  ck_assert(stage_two(stor, 1, 9, "good", "Depth/same.exr").has_value());
  ck_assert(stage_two(stor, 2, 10, "other", "Depth/same.exr").error().code == Errc::conflict);
  ck_assert(stage_two(stor, 1, 11, "copy", "Depth/same.exr").has_value());  // of the same frame
  stor.staged->settle(9, true);
  stor.staged->settle(11, false);
  ck_assert(output(stor, "Depth/same.exr") == "good" && output(stor, "0002.png").empty());
  ck_assert(stor.empty());
}
END_TEST

START_TEST(all_files_that_a_kill_left_are_placed_by_their_numbers) {
  Stor stor;
  ck_assert(stage_two(stor, 1, 9, "good", "Depth/0001.exr").has_value());
  stor.start();
  auto const left = stor.staged->left_over();
  ck_assert_uint_eq(left.size(), 1);
  stor.staged->resolve(left[0], {"0001.png", "Depth/0001.exr"});
  ck_assert(output(stor, "0001.png") == "good" && output(stor, "Depth/0001.exr") == "good");
  ck_assert(stage_two(stor, 2, 10, "good", "Depth/0002.exr").has_value());
  stor.start();
  stor.staged->resolve(stor.staged->left_over().at(0), {"0002.png"});  // its row has the first alone
  ck_assert(output(stor, "0002.png") == "good" && output(stor, "Depth/0002.exr").empty());
  ck_assert(stor.empty() && stor.staged->left_over().empty());
}
END_TEST

START_TEST(a_file_whose_folder_is_a_file_is_dropped_and_the_others_stay) {
  Stor stor;
  std::ofstream(output_folder(stor.folder, 1) / "taken.exr") << "x";
  ck_assert(stage_two(stor, 1, 9, "good", "taken.exr/0001.exr").has_value());
  stor.staged->settle(9, true);
  ck_assert(output(stor, "0001.png") == "good" && output(stor, "taken.exr") == "x");
  ck_assert(stor.empty() && stor.staged->left_over().empty());
}
END_TEST

START_TEST(an_image_of_a_deleted_job_goes_with_it) {
  Stor stor;
  stor.stage(9, "good");
  ck_assert(remove_job_folder(stor.folder, 1).has_value());
  stor.staged->settle(9, true);
  ck_assert(stor.empty() && stor.staged->left_over().empty());
}
END_TEST

START_TEST(an_image_that_cannot_be_placed_is_kept_and_tried_again) {
  Stor stor;
  fs::remove(output_folder(stor.folder, 1));
  std::ofstream(output_folder(stor.folder, 1)) << "in the way";
  stor.stage(9, "good");
  stor.staged->settle(9, true);
  auto const left = stor.staged->left_over();
  ck_assert_uint_eq(left.size(), 1);
  fs::remove(output_folder(stor.folder, 1));
  fs::create_directory(output_folder(stor.folder, 1));
  stor.staged->resolve(left[0], {"0001.png"});
  ck_assert_text(stor.image(), "good");
}
END_TEST

START_TEST(strange_files_are_removed_at_the_start) {
  Stor stor;
  for (auto const* name : {"1.2", "1.2.3.4.5", "x.y.z", "1.2.3x"}) std::ofstream(stor.folder / "staged" / name) << "?";
  stor.start();
  ck_assert(stor.empty() && stor.staged->left_over().empty());
}
END_TEST

namespace {

TestGroup const staged_tests{
    "staged",
    {an_image_gets_its_name_with_the_verdict_alone, a_reader_whose_row_says_accepted_finds_the_image_before_the_rename,
     what_a_kill_left_is_placed_when_the_database_has_accepted_it,
     what_a_kill_left_and_nobody_accepts_is_swept_after_an_hour,
     an_image_that_is_sent_again_after_a_restart_takes_the_old_one_s_place, an_image_of_a_deleted_job_goes_with_it,
     an_image_that_cannot_be_placed_is_kept_and_tried_again, all_files_of_a_result_get_their_names_or_none,
     each_file_is_found_by_the_reader_whose_row_has_its_digest, two_frames_that_wait_never_have_one_name,
     all_files_that_a_kill_left_are_placed_by_their_numbers,
     a_file_whose_folder_is_a_file_is_dropped_and_the_others_stay, strange_files_are_removed_at_the_start}};

}  // namespace
