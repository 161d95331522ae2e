// What a scene may leave on a volunteer's disk.
#include <fstream>

#include "slave/folder_watch.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

void fill(fs::path const& file, std::size_t bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << std::string(bytes, 'x');
}

FolderLimits limits(std::uint64_t bytes, std::uint64_t files = 100) {
  return {.bytes = bytes, .files = files, .free_bytes = 0};
}

START_TEST(bytes_of_all_folders_count_together) {
  ScratchFolder const scratch;
  fill(scratch / "out" / "a.png", 300000);
  fill(scratch / "cache" / "deep" / "er" / "b", 300000);
  std::vector<fs::path> const both{scratch / "out", scratch / "cache"};
  ck_assert_text(overstepped(both, limits(1 << 20)), "");
  ck_assert_text(overstepped({scratch / "out"}, limits(500000)), "");
  ck_assert_text(overstepped(both, limits(500 << 10)), "wrote more than 500 KiB to the disk");
}
END_TEST

START_TEST(a_hole_in_a_file_takes_no_room) {
  ScratchFolder const scratch;
  fill(scratch / "out" / "a", 1);
  fs::resize_file(scratch / "out" / "a", 1ULL << 30);
  ck_assert_text(overstepped({scratch / "out"}, limits(1 << 20)), "");
}
END_TEST

START_TEST(many_empty_files_are_too_many) {
  ScratchFolder const scratch;
  for (int i = 0; i < 101; ++i) fill(scratch / "out" / std::to_string(i), 0);
  ck_assert_text(overstepped({scratch / "out"}, limits(1 << 30, 101)), "");
  ck_assert_text(overstepped({scratch / "out"}, limits(1 << 30, 100)), "made more than 100 files");
}
END_TEST

START_TEST(links_are_not_followed_out_of_the_folder) {
  ScratchFolder const scratch;
  fill(scratch / "big" / "a", 2 << 20);
  fs::create_directories(scratch / "out");
  fs::create_directory_symlink(scratch / "big", scratch / "out" / "there");
  fs::create_symlink(scratch / "big" / "a", scratch / "out" / "a");
  ck_assert_text(overstepped({scratch / "out"}, limits(1 << 20)), "");
}
END_TEST

START_TEST(folders_in_folders_come_to_an_end) {
  ScratchFolder const scratch;
  auto deep = scratch / "out";
  for (int i = 0; i < 70; ++i) deep /= "d";
  fs::create_directories(deep);
  ck_assert_text(overstepped({scratch / "out"}, limits(1 << 30, 1000)), "made folders in folders without end");
}
END_TEST

START_TEST(a_full_disk_is_not_the_scenes_fault) {
  ScratchFolder const scratch;
  ck_assert_text(overstepped({scratch.path()}, {.bytes = 1, .files = 1, .free_bytes = UINT64_MAX}), disk_is_full);
}
END_TEST

START_TEST(a_folder_that_is_not_there_holds_nothing) {
  ck_assert_text(overstepped({"/nowhere/at/all"}, limits(0)), "");
}
END_TEST

}  // namespace

int main() {
  TCase* all = tcase_create("folders");
  for (auto const* test :
       {bytes_of_all_folders_count_together, a_hole_in_a_file_takes_no_room, many_empty_files_are_too_many,
        links_are_not_followed_out_of_the_folder, folders_in_folders_come_to_an_end,
        a_full_disk_is_not_the_scenes_fault, a_folder_that_is_not_there_holds_nothing})
    tcase_add_test(all, test);
  return run_suite("folder_watch", {all});
}
