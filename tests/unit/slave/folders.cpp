// What a scene may leave on a volunteer's disk, and what is left of it when the next one comes.
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "slave/disk_usage.h"
#include "slave/folder_cleanup.h"
#include "slave/shader_caches.h"
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

// Root may look into every folder; each test is a process of its own.
void be_nobody(ScratchFolder const& scratch) {
  if (geteuid() != 0) return;
  constexpr uid_t nobody = 65534;
  ck_assert_int_eq(chown(scratch.path().c_str(), nobody, nobody), 0);
  ck_assert_int_eq(setgroups(0, nullptr), 0);
  ck_assert_int_eq(setgid(nobody), 0);
  ck_assert_int_eq(setuid(nobody), 0);
}

// A folder with something in it, and then with these rights.
void lock(fs::path const& folder, mode_t mode, std::size_t bytes = 5000) {
  fill(folder / "inside" / "a", bytes);
  ck_assert_int_eq(chmod((folder / "inside").c_str(), mode), 0);
  ck_assert_int_eq(chmod(folder.c_str(), mode), 0);
}

// Deeper than one path can name, with names as long as they may be.
void dig(fs::path const& folder, int levels) {
  fs::create_directories(folder);
  int at = open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  std::string const name(255, 'd');
  for (int i = 0; i < levels; ++i) {
    ck_assert_int_eq(mkdirat(at, name.c_str(), 0700), 0);
    int const next = openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(next, 0);
    close(at);
    at = next;
  }
  close(at);
}

ShaderCaches::Limits cache_limits(std::size_t owners, std::uint64_t bytes) {
  return {.owners = owners, .bytes = bytes, .files = 100};
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

START_TEST(a_folder_that_cannot_be_looked_into_is_a_reason) {
  ScratchFolder const scratch;
  be_nobody(scratch);
  int number = 0;
  for (mode_t const mode : {0000, 0100, 0300, 0400, 0600}) {
    auto const out = scratch / std::to_string(number++);
    fill(out / "a.png", 10);
    ck_assert_text(overstepped({out}, limits(1 << 20)), "");
    lock(out / "x", mode);
    ck_assert_text(overstepped({out}, limits(1 << 20)), "made a folder that cannot be looked into");
  }
  auto const out = scratch / "itself";  // the scene owns the place that it is given
  lock(out, 0300);
  ck_assert_text(overstepped({out}, limits(1 << 20)), "made a folder that cannot be looked into");
}
END_TEST

START_TEST(names_too_long_for_one_path_hide_nothing) {
  ScratchFolder const scratch;
  dig(scratch / "out", 30);
  ck_assert_text(overstepped({scratch / "out"}, limits(1)), "wrote more than 1 B to the disk");
  ck_assert_uint_eq(use_of(scratch / "out", 100).files, 30);
  ck_assert(empty_folder(scratch / "out").has_value());
}
END_TEST

START_TEST(a_folder_is_emptied_whatever_rights_it_has) {
  ScratchFolder const scratch;
  be_nobody(scratch);
  for (mode_t const mode : {0000, 0100, 0300, 0400, 0500}) {
    auto const out = scratch / "out";
    fill(out / "a.png", 10);
    lock(out / "x", mode);
    lock(out / "y" / "z", mode);
    ck_assert_int_eq(chmod((out / "y").c_str(), mode), 0);
    ck_assert_int_eq(chmod(out.c_str(), mode), 0);
    auto const emptied = empty_folder(out);
    ck_assert_msg(emptied.has_value(), "%s", emptied ? "" : emptied.error().message.c_str());
    ck_assert(fs::is_empty(out));
  }
  ck_assert(remove_folder(scratch / "out").has_value());
  ck_assert(!fs::exists(scratch / "out"));
  ck_assert(remove_folder(scratch / "out").has_value());
}
END_TEST

START_TEST(emptying_follows_no_link) {
  ScratchFolder const scratch;
  be_nobody(scratch);
  lock(scratch / "theirs", 0500);
  fs::create_directories(scratch / "out" / "in");
  for (auto const* place : {"there", "in/there"})
    fs::create_directory_symlink(scratch / "theirs", scratch / "out" / place);
  ck_assert(empty_folder(scratch / "out").has_value());
  ck_assert(fs::is_empty(scratch / "out"));
  ck_assert(fs::exists(scratch / "theirs" / "inside" / "a"));
  struct stat status {};
  ck_assert_int_eq(stat((scratch / "theirs").c_str(), &status), 0);
  ck_assert_uint_eq(status.st_mode & 0777, 0500);
  ck_assert(empty_folder(scratch / "theirs").has_value());
}
END_TEST

START_TEST(no_depth_is_too_deep_to_be_emptied) {
  ScratchFolder const scratch;
  dig(scratch / "out", 200);  // thrice as deep as it goes at once
  ck_assert(empty_folder(scratch / "out").has_value());
  ck_assert(fs::is_empty(scratch / "out"));
}
END_TEST

START_TEST(what_cannot_be_emptied_makes_way) {
  ScratchFolder const scratch;
  fill(scratch / "render" / "out", 1);  // no folder at all: emptying it fails for root, too
  ck_assert(!empty_folder(scratch / "render" / "out").has_value());
  ck_assert(renew_folder(scratch / "render" / "out").has_value());
  ck_assert(fs::is_directory(scratch / "render" / "out") && fs::is_empty(scratch / "render" / "out"));
  auto const count = [&] {
    return std::distance(fs::directory_iterator(scratch / "render"), fs::directory_iterator());
  };
  ck_assert_int_eq(count(), 2);
  for (auto const& item : fs::directory_iterator(scratch / "render"))
    if (item.path().filename() != "out") {  // and then it can be
      fs::remove(item.path());
      fill(item.path() / "a", 1);
    }
  fill(scratch / "render" / "out" / "kept", 1);
  remove_what_was_left(scratch / "render");
  ck_assert_int_eq(count(), 1);
  ck_assert(fs::exists(scratch / "render" / "out" / "kept"));
}
END_TEST

START_TEST(some_room_is_left_on_every_disk) {
  ck_assert_uint_eq(room_to_leave(100ULL << 20), 5ULL << 20);
  ck_assert_uint_eq(room_to_leave(10ULL << 30), 512ULL << 20);
  ck_assert_uint_eq(room_to_leave(1ULL << 40), 1ULL << 30);
  ScratchFolder const scratch;
  ck_assert_uint_gt(room_to_leave_in(scratch.path()), 0);
}
END_TEST

START_TEST(each_owner_has_a_cache_of_his_own) {
  ScratchFolder const scratch;
  ShaderCaches const caches(scratch / "cache", cache_limits(8, 1 << 20));
  auto const annas = caches.folder_for(5).value();
  auto const bobs = caches.folder_for(6).value();
  ck_assert(annas != bobs);
  fill(annas / "mesa" / "shader", 100);
  ck_assert(fs::is_empty(bobs));
  ck_assert(caches.folder_for(5).value() == annas);
  ck_assert(fs::exists(annas / "mesa" / "shader"));
}
END_TEST

START_TEST(who_was_not_served_for_longest_loses_his_cache_first) {
  ScratchFolder const scratch;
  ShaderCaches const caches(scratch / "cache", cache_limits(3, 1 << 20));
  std::vector<fs::path> places;
  for (int owner = 0; owner < 3; ++owner) {
    places.push_back(caches.folder_for(owner).value());
    fill(places.back() / "a", 10);
  }
  // What a program does to times within its reach changes nothing.
  fs::last_write_time(places[1], fs::file_time_type::clock::now() + std::chrono::hours(24 * 365));
  ck_assert(caches.folder_for(0).has_value());
  places.push_back(caches.folder_for(3).value());
  ck_assert(fs::exists(places[0] / "a"));
  ck_assert(!fs::exists(places[1].parent_path()));
  ck_assert(fs::exists(places[2] / "a"));
}
END_TEST

START_TEST(caches_of_all_owners_are_bounded_together) {
  ScratchFolder const scratch;
  ShaderCaches const caches(scratch / "cache", cache_limits(8, 1 << 20));
  std::vector<fs::path> places;
  for (int owner = 0; owner < 3; ++owner) {
    places.push_back(caches.folder_for(owner).value());
    fill(places.back() / "a", 400 << 10);
  }
  places.push_back(caches.folder_for(3).value());
  ck_assert(!fs::exists(places[0]));
  ck_assert(fs::exists(places[1] / "a") && fs::exists(places[2] / "a"));
  fill(places[3] / "a", 2 << 20);  // alone more than all may have
  ck_assert(caches.folder_for(3).value() == places[3]);
  ck_assert(fs::is_empty(places[3]));
  ck_assert(fs::exists(places[2] / "a"));
  for (int i = 0; i < 99; ++i) fill(places[2] / std::to_string(i), 0);
  ck_assert(caches.folder_for(3).has_value());
  ck_assert(!fs::exists(places[2]) && fs::exists(places[1] / "a"));
}
END_TEST

START_TEST(a_cache_that_cannot_be_looked_into_is_emptied_or_goes) {
  ScratchFolder const scratch;
  be_nobody(scratch);
  ShaderCaches const caches(scratch / "cache", cache_limits(8, 1 << 20));
  auto const annas = caches.folder_for(5).value();
  lock(annas / "x", 0300);
  ck_assert(caches.folder_for(5).value() == annas);
  ck_assert(fs::is_empty(annas));
  lock(annas / "x", 0000);
  ck_assert(caches.folder_for(6).has_value());
  ck_assert(!fs::exists(annas.parent_path()));
}
END_TEST

START_TEST(what_an_older_version_kept_for_everybody_is_removed) {
  ScratchFolder const scratch;
  fill(scratch / "cache" / "mesa_shader_cache" / "aa" / "b", 10);
  fill(scratch / "cache" / "file", 10);
  ShaderCaches const caches(scratch / "cache", cache_limits(8, 1 << 20));
  ck_assert(caches.folder_for(5).has_value());
  ck_assert_int_eq(std::distance(fs::directory_iterator(scratch / "cache"), fs::directory_iterator()), 1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_holds_nothing) {
  ck_assert_text(overstepped({"/nowhere/at/all"}, limits(0)), "");
}
END_TEST

TestGroup const folders_tests{
    "folders",
    {bytes_of_all_folders_count_together, a_hole_in_a_file_takes_no_room, many_empty_files_are_too_many,
     links_are_not_followed_out_of_the_folder, folders_in_folders_come_to_an_end, a_full_disk_is_not_the_scenes_fault,
     a_folder_that_is_not_there_holds_nothing, a_folder_that_cannot_be_looked_into_is_a_reason,
     names_too_long_for_one_path_hide_nothing, some_room_is_left_on_every_disk}};
TestGroup const clearing_tests{"clearing",
                               {a_folder_is_emptied_whatever_rights_it_has, emptying_follows_no_link,
                                no_depth_is_too_deep_to_be_emptied, what_cannot_be_emptied_makes_way}};
TestGroup const caches_tests{
    "caches",
    {each_owner_has_a_cache_of_his_own, who_was_not_served_for_longest_loses_his_cache_first,
     caches_of_all_owners_are_bounded_together, a_cache_that_cannot_be_looked_into_is_emptied_or_goes,
     what_an_older_version_kept_for_everybody_is_removed}};

}  // namespace
