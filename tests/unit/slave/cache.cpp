// The cache of a host: what one slave brings another finds, nobody uses what is not what its name says, and files go
// in the order of their use. A second Cache on the folder stands for another slave: its locks are its own.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "slave/cache.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Time = std::chrono::system_clock::time_point;

namespace {

std::atomic<bool> const no_waiting = true;

// A client that gives up at once: what is asked of it is not in the cache.
HttpClient nobody() {
  HttpClient::Options options;
  options.cancelled = &no_waiting;
  return HttpClient(options);
}

protocol::Input scene(std::string const& content = "scene") {
  return {"scene.blend", to_hex(sha256(content)), std::int64_t(content.size()), "http://127.0.0.1:1/nobody-listens"};
}

std::string read(fs::path const& path) {
  return read_file(path).value();
}

struct Host {
  ScratchFolder scratch;
  fs::path folder = scratch / "cache";

  Cache slave(std::uint64_t limit = 1000) const { return slave({.limit = limit}); }
  Cache slave(Cache::Options options) const {
    auto cache = Cache::open(folder, std::move(options));
    ck_assert_msg(cache.has_value(), "%s", cache ? "" : cache.error().message.c_str());
    return std::move(*cache);
  }
  [[nodiscard]] fs::path place(std::string const& sha256) const { return folder / sha256.substr(0, 2) / sha256; }
  [[nodiscard]] bool has(protocol::Input const& file) const { return fs::exists(place(file.sha256)); }

  static void write(fs::path const& path, std::string const& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  // As another slave leaves a file, whole at once; last used at a time.
  void put(protocol::Input const& file, std::string const& content,
           Time used = std::chrono::system_clock::now()) const {
    write(scratch / "coming", content);
    auto const ns = used.time_since_epoch() / 1ns;
    timespec const times[2] = {{ns / 1'000'000'000, ns % 1'000'000'000}, {0, UTIME_OMIT}};
    ck_assert_int_eq(::utimensat(AT_FDCWD, (scratch / "coming").c_str(), times, 0), 0);
    fs::create_directories(place(file.sha256).parent_path());
    fs::rename(scratch / "coming", place(file.sha256));
  }
  // All bytes have come from the server, and none was looked at.
  fs::path arrive(protocol::Input const& file, std::string const& content) const {
    write(folder / "incoming" / (file.sha256 + ".part"), content);
    return folder / "incoming" / (file.sha256 + ".part");
  }
  [[nodiscard]] FileDescriptor lock(std::string const& name) const {
    FileDescriptor out(::open((folder / "locks" / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ck_assert(out && ::flock(out.get(), LOCK_EX | LOCK_NB) == 0);
    return out;
  }
  [[nodiscard]] FileDescriptor wait_for_lock(std::string const& name) const {
    FileDescriptor out(::open((folder / "locks" / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    while (::flock(out.get(), LOCK_EX) != 0) ck_assert_int_eq(errno, EINTR);
    return out;
  }
};

bool finds(Cache& cache, protocol::Input const& file) {
  auto client = nobody();
  return cache.fetch(client, file, nullptr).has_value();
}

Time year(int number) {
  return std::chrono::sys_days(std::chrono::year(number) / 1 / 1);
}

}  // namespace

START_TEST(what_one_slave_brought_another_finds) {
  Host const host;
  auto one = host.slave();
  auto other = host.slave();
  auto client = nobody();
  host.arrive(scene(), "scene");
  auto const brought = one.fetch(client, scene(), nullptr);
  ck_assert_msg(brought.has_value(), "%s", brought ? "" : brought.error().message.c_str());
  ck_assert(brought->path == host.place(scene().sha256));
  ck_assert(fs::is_empty(host.folder / "incoming"));
  auto const found = other.fetch(client, scene(), nullptr);
  ck_assert(found.has_value() && found->path == brought->path && read(found->path) == "scene");
}
END_TEST

START_TEST(a_file_that_is_not_what_its_name_says_is_not_used) {
  Host const host;
  auto cache = host.slave();
  host.put(scene(), "scEne");
  ck_assert(!finds(cache, scene()));
  ck_assert(!host.has(scene()));
}
END_TEST

START_TEST(a_file_that_changed_after_it_was_used_is_not_used_again) {
  Host const host;
  auto one = host.slave();
  host.put(scene(), "scene");
  ck_assert(finds(one, scene()));
  host.put(scene(), "scEne");  // another file in its place
  ck_assert(!finds(one, scene()));

  host.put(scene(), "scene");
  ck_assert(finds(one, scene()));
  fs::path const path = host.place(scene().sha256);
  auto const written = fs::last_write_time(path);
  Host::write(path, "scEne");  // the same file, another content
  fs::last_write_time(path, written + 1s);
  ck_assert(!finds(one, scene()));
}
END_TEST

START_TEST(the_use_by_others_does_not_make_a_slave_hash_again) {
  Host const host;
  auto one = host.slave();
  auto other = host.slave();
  host.put(scene(), "scene");
  ck_assert(finds(one, scene()));
  ck_assert(finds(other, scene()));
  fs::path const path = host.place(scene().sha256);
  auto const written = fs::last_write_time(path);
  Host::write(path, "scEne");
  fs::last_write_time(path, written);  // only a slave that reads it again can tell
  ck_assert(finds(one, scene()));
  auto third = host.slave();
  ck_assert(!finds(third, scene()));
}
END_TEST

START_TEST(a_link_is_not_followed) {
  Host const host;
  auto cache = host.slave();
  Host::write(host.scratch / "elsewhere", "scene");
  fs::create_directories(host.place(scene().sha256).parent_path());
  fs::create_symlink(host.scratch / "elsewhere", host.place(scene().sha256));
  ck_assert(!finds(cache, scene()));
  ck_assert_text(read(host.scratch / "elsewhere"), "scene");
}
END_TEST

START_TEST(a_complete_download_that_was_never_checked_is_checked) {
  Host const host;
  auto cache = host.slave();
  host.arrive(scene(), "scEne");
  auto client = nobody();
  auto const fetched = cache.fetch(client, scene(), nullptr);
  ck_assert(!fetched);
  ck_assert_says(fetched.error().message, "SHA-256");
  ck_assert(fs::is_empty(host.folder / "incoming"));
}
END_TEST

START_TEST(who_waits_for_another_slaves_download_finds_its_file) {
  Host const host;
  auto cache = host.slave();
  auto turn = host.lock(scene().sha256.substr(0, 2));  // another slave fetches
  std::atomic<bool> found = false;
  std::thread waiting([&] {
    HttpClient client;
    found = cache.fetch(client, scene(), nullptr).has_value();
  });
  host.put(scene(), "scene");
  turn = FileDescriptor();
  waiting.join();
  ck_assert(found);
}
END_TEST

START_TEST(nobody_waits_for_ever_for_another_slave) {
  Host const host;
  auto cache = host.slave({.limit = 1000, .patience = 100ms});
  auto const turn = host.lock(scene().sha256.substr(0, 2));
  HttpClient client;
  auto const fetched = cache.fetch(client, scene(), nullptr);
  ck_assert(!fetched && fetched.error().code == Errc::unavailable);
  ck_assert_says(fetched.error().message, "gets no further");
}
END_TEST

START_TEST(the_least_recently_used_files_go_first) {
  Host const host;
  auto const now = std::chrono::system_clock::now();
  std::vector<protocol::Input> files;
  for (int i = 0; i < 4; ++i) {
    files.push_back(scene(std::to_string(i)));
    host.put(files.back(), std::string(100, 'x'), now - std::chrono::hours(10 - i));
  }
  auto cache = host.slave(350);
  ck_assert(cache.make_room(100, {files[0].sha256}).has_value());
  ck_assert(host.has(files[0]) && !host.has(files[1]) && !host.has(files[2]) && host.has(files[3]));
}
END_TEST

START_TEST(what_is_pinned_by_another_slave_stays) {
  Host const host;
  auto one = host.slave();
  auto other = host.slave(0);
  host.put(scene(), "scene");
  {
    auto client = nobody();
    auto const pinned = one.fetch(client, scene(), nullptr);
    ck_assert(pinned.has_value());
    ck_assert(other.make_room(0, {}).has_value());
    ck_assert(host.has(scene()));
  }
  ck_assert(other.make_room(0, {}).has_value());
  ck_assert(!host.has(scene()));
}
END_TEST

START_TEST(what_another_slave_is_fetching_stays) {
  Host const host;
  auto cache = host.slave(0);
  auto const part = host.arrive(scene(), "sce");
  auto turn = host.lock(scene().sha256.substr(0, 2));
  ck_assert(cache.make_room(0, {}).has_value());
  ck_assert(fs::exists(part));
  turn = FileDescriptor();
  ck_assert(cache.make_room(0, {}).has_value());
  ck_assert(!fs::exists(part));
}
END_TEST

START_TEST(a_file_can_be_linked_while_others_delete) {
  Host const host;
  auto reader = host.slave();
  std::atomic<bool> done = false;
  std::thread deleting([&] {
    auto other = host.slave(0);
    while (!done) static_cast<void>(other.make_room(0, {}));
  });
  int wrong = 0;
  fs::path const copy = host.scratch / "copy";
  for (int i = 0; i < 300; ++i) {
    {
      auto const turn = host.wait_for_lock(scene().sha256.substr(0, 2));  // as a slave that has fetched it
      host.put(scene(), "scene");
    }
    auto client = nobody();
    auto const pinned = reader.fetch(client, scene(), nullptr);
    if (!pinned) continue;  // it was gone before
    std::error_code error;
    fs::create_hard_link(pinned->path, copy, error);
    if (error || read(copy) != "scene") ++wrong;
    fs::remove(copy, error);
  }
  done = true;
  deleting.join();
  ck_assert_int_eq(wrong, 0);
  host.put(scene(), "scene");
  ck_assert(finds(reader, scene()));
}
END_TEST

START_TEST(slaves_that_make_room_at_once_delete_no_more_than_is_too_much) {
  Host const host;
  std::vector<protocol::Input> files;
  for (int i = 0; i < 60; ++i) {
    files.push_back(scene(std::to_string(i)));
    host.put(files.back(), std::string(100, 'x'));
  }
  std::vector<std::thread> slaves;
  for (int i = 0; i < 4; ++i) slaves.emplace_back([&] { static_cast<void>(host.slave(3000).make_room(0, {})); });
  for (auto& each : slaves) each.join();
  ck_assert_int_eq(std::ranges::count_if(files, [&](auto const& file) { return host.has(file); }), 30);
}
END_TEST

START_TEST(a_clock_that_is_set_back_or_forward_changes_no_order) {
  Host const host;
  // Used one after another while the clock says so; the last is before anybody counted.
  std::vector<Time> const clock{year(2030), year(2020), year(2036), year(2024), Time(-1h)};
  std::vector<protocol::Input> files;
  for (std::size_t i = 0; i < clock.size(); ++i) {
    std::string const content(100, char('a' + i));
    files.push_back(scene(content));
    host.put(files.back(), content, year(2010));
  }
  for (std::size_t i = 0; i < clock.size(); ++i) {
    auto cache = host.slave({.limit = 1000, .now = [&] { return clock[i]; }});  // a process of its own each
    ck_assert(cache.make_room(0, {}).has_value());
    ck_assert(finds(cache, files[i]));
  }
  for (std::size_t left = clock.size(); left-- > 0;) {
    auto cache = host.slave({.limit = left * 100, .now = [] { return year(1999); }});
    ck_assert(cache.make_room(0, {}).has_value());
    for (std::size_t i = 0; i < files.size(); ++i) ck_assert(host.has(files[i]) == (i >= clock.size() - left));
  }
}
END_TEST

START_TEST(what_is_not_of_the_cache_is_never_deleted) {
  Host const host;
  auto cache = host.slave(0);
  std::vector<fs::path> const others{"thesis.txt",
                                     "photos/one.jpg",
                                     "ab/notes",
                                     "incoming/letter.part",
                                     "ab/" + std::string(64, 'c'),
                                     "films/" + std::string(64, 'f')};
  for (auto const& path : others) Host::write(host.folder / path, "mine");
  host.put(scene(), "scene");
  ck_assert(cache.make_room(0, {}).has_value());
  ck_assert(!host.has(scene()));
  for (auto const& path : others) ck_assert_msg(fs::exists(host.folder / path), "%s", path.c_str());
}
END_TEST

START_TEST(a_folder_that_others_can_write_is_refused_and_left_as_it_is) {
  Host const host;
  fs::create_directory(host.folder);
  ck_assert_int_eq(::chmod(host.folder.c_str(), 0777), 0);
  auto const cache = Cache::open(host.folder, {.limit = 1000});
  ck_assert(!cache && cache.error().code == Errc::denied);
  ck_assert_says(cache.error().message, "cache = ");
  ck_assert(fs::is_empty(host.folder));
  ck_assert(fs::status(host.folder).permissions() == fs::perms::all);
}
END_TEST

START_TEST(a_new_folder_is_the_users_alone) {
  Host const host;
  ck_assert(Cache::open(host.folder / "", {.limit = 1000}).has_value());
  ck_assert(fs::status(host.folder).permissions() == fs::perms::owner_all);
}
END_TEST

START_TEST(a_disk_without_room_is_said_before_fetching) {
  Host const host;
  auto const room = host.slave().make_room(std::uint64_t{1} << 60, {});
  ck_assert(!room && room.error().code == Errc::unavailable);
  ck_assert_says(room.error().message, "MiB free");
}
END_TEST

namespace {

// A folder that the group may write is refused.
TestGroup const cache_tests{
    "cache",
    {what_one_slave_brought_another_finds, a_file_that_is_not_what_its_name_says_is_not_used,
     a_file_that_changed_after_it_was_used_is_not_used_again, the_use_by_others_does_not_make_a_slave_hash_again,
     a_link_is_not_followed, a_complete_download_that_was_never_checked_is_checked,
     who_waits_for_another_slaves_download_finds_its_file, nobody_waits_for_ever_for_another_slave,
     the_least_recently_used_files_go_first, what_is_pinned_by_another_slave_stays,
     what_another_slave_is_fetching_stays, a_file_can_be_linked_while_others_delete,
     slaves_that_make_room_at_once_delete_no_more_than_is_too_much,
     a_clock_that_is_set_back_or_forward_changes_no_order, what_is_not_of_the_cache_is_never_deleted,
     a_folder_that_others_can_write_is_refused_and_left_as_it_is, a_new_folder_is_the_users_alone,
     a_disk_without_room_is_said_before_fetching},
    {.timeout_s = 60, .before_each = [] { ::umask(022); }}};

}  // namespace
