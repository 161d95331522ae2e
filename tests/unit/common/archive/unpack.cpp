// Archives of renderers: what is in them lies in the folder afterwards, and nothing of a hostile one lies outside.
#include "common/archive/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "tests/support/check_main.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

struct Entry {
  std::string name;
  std::string content{};
  unsigned type = AE_IFREG;
  std::string link{};  // of a link, or of a hard link to a file
  unsigned mode = 0644;
};

using Filter = int (*)(archive*);

struct Place {
  fs::path folder;
  Place() {
    std::string name = (fs::temp_directory_path() / "distren-unpack-XXXXXX").string();
    ck_assert_ptr_nonnull(mkdtemp(name.data()));
    folder = name;
    fs::create_directory(into());
  }
  ~Place() { fs::remove_all(folder); }
  [[nodiscard]] fs::path archive_path() const { return folder / "renderer.tar"; }
  [[nodiscard]] fs::path into() const { return folder / "into"; }

  void pack(std::vector<Entry> const& entries, Filter filter = archive_write_add_filter_none) const {
    archive* const out = archive_write_new();
    ck_assert_int_eq(filter(out), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_set_format_pax_restricted(out), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_open_filename(out, archive_path().c_str()), ARCHIVE_OK);
    for (auto const& each : entries) {
      archive_entry* const entry = archive_entry_new();
      archive_entry_set_pathname(entry, each.name.c_str());
      archive_entry_set_perm(entry, each.mode);
      bool const hard = each.type == AE_IFREG && !each.link.empty();
      archive_entry_set_filetype(entry, each.type);
      if (hard) archive_entry_set_hardlink(entry, each.link.c_str());
      if (each.type == AE_IFLNK) archive_entry_set_symlink(entry, each.link.c_str());
      archive_entry_set_size(entry, hard ? 0 : static_cast<la_int64_t>(each.content.size()));
      ck_assert_int_eq(archive_write_header(out, entry), ARCHIVE_OK);
      if (!each.content.empty())
        ck_assert_int_eq(archive_write_data(out, each.content.data(), each.content.size()),
                         static_cast<la_ssize_t>(each.content.size()));
      archive_entry_free(entry);
    }
    ck_assert_int_eq(archive_write_close(out), ARCHIVE_OK);
    archive_write_free(out);
  }

  [[nodiscard]] Result<Unpacked> open(UnpackLimits const& limits = {}) const {
    return unpack(archive_path(), into(), limits);
  }
  [[nodiscard]] std::string text(std::string const& name) const { return read_file(into() / name).value(); }
};

// It is refused for this reason, and nothing but what the test made lies beside the folder.
void refused(std::vector<Entry> const& entries, std::string const& reason, UnpackLimits const& limits = {}) {
  Place const place;
  place.pack(entries);
  auto const done = place.open(limits);
  ck_assert_msg(!done.has_value(), "it was taken, without: %s", reason.c_str());
  ck_assert(done.error().code == Errc::invalid);
  ck_assert_msg(done.error().message.find(reason) != std::string::npos, "%s", done.error().message.c_str());
  for (auto const& each : fs::directory_iterator(place.folder))
    ck_assert(each.path() == place.archive_path() || each.path() == place.into());
}

}  // namespace

START_TEST(an_archive_is_unpacked_whatever_compressed_it) {
  for (Filter const filter : {archive_write_add_filter_none, archive_write_add_filter_gzip, archive_write_add_filter_xz,
                              archive_write_add_filter_zstd}) {
    Place const place;
    place.pack({{.name = "b/", .type = AE_IFDIR, .mode = 0755},
                {.name = "./b/blender", .content = "#!/bin/sh\n", .mode = 04755},
                {.name = "b/lib/x", .content = std::string(300'000, 'x')}},
               filter);
    auto const done = place.open();
    ck_assert_msg(done.has_value(), "%s", done.has_value() ? "" : done.error().message.c_str());
    ck_assert_int_eq(done->bytes, 300'010);
    ck_assert_int_eq(done->entries, 3);
    ck_assert_uint_eq(place.text("b/lib/x").size(), 300'000);
    struct stat there {};
    ck_assert_int_eq(::stat((place.into() / "b/blender").c_str(), &there), 0);
    ck_assert_uint_eq(there.st_mode & 07777U, 0755U);  // the right to execute, and no more
  }
}
END_TEST

START_TEST(links_inside_a_tree_work_and_absolute_ones_count_from_its_root) {
  Place const place;
  place.pack({{.name = "usr/lib/a.so.1", .content = "a"},
              {.name = "usr/lib/a.so", .type = AE_IFLNK, .link = "a.so.1"},
              {.name = "lib", .type = AE_IFLNK, .link = "usr/lib"},
              {.name = "usr/bin/a", .type = AE_IFLNK, .link = "/usr/lib/a.so.1"},
              {.name = "root", .type = AE_IFLNK, .link = "/"},
              {.name = "usr/up", .type = AE_IFLNK, .link = "../usr"},
              {.name = "usr/lib/b", .link = "usr/lib/a.so.1"}});
  auto const done = place.open();
  ck_assert_msg(done.has_value(), "%s", done.has_value() ? "" : done.error().message.c_str());
  ck_assert_int_eq(done->bytes, 1);
  for (std::string const name : {"usr/lib/a.so", "lib/a.so", "usr/bin/a", "usr/up/lib/b", "root/usr/lib/b"})
    ck_assert_str_eq(place.text(name).c_str(), "a");
}
END_TEST

START_TEST(nothing_is_written_outside_whatever_the_archive_says) {
  refused({{.name = "/etc/passwd", .content = "x"}}, "its path is absolute");
  refused({{.name = "a/../../x", .content = "x"}}, "its path has ..");
  refused({{.name = "a/l", .type = AE_IFLNK, .link = "../../x"}}, "leads out");
  refused({{.name = "a/l", .type = AE_IFLNK, .link = "/b/../../x"}}, "has ..");
  refused({{.name = "l", .type = AE_IFLNK, .link = "."}, {.name = "l/x", .content = "x"}}, "behind a link");
  refused({{.name = "f", .content = "x"}, {.name = "f/x", .content = "x"}}, "behind a link or a file");
  refused({{.name = "f", .content = "x"}, {.name = "f", .content = "y"}}, "is there twice");
  refused({{.name = "l", .type = AE_IFLNK, .link = "f"}, {.name = "l", .content = "y"}}, "is there twice");
  refused({{.name = "h", .link = "../renderer.tar"}}, "its path has ..");
  refused({{.name = "h", .link = "missing"}}, "no file before it");
  refused({{.name = "f", .content = "x"}, {.name = "l", .type = AE_IFLNK, .link = "f"}, {.name = "h", .link = "l"}},
          "no file before it");
  refused({{.name = "pipe", .type = AE_IFIFO}}, "a device, a pipe or a socket");
  refused({{.name = "null", .type = AE_IFCHR}}, "a device, a pipe or a socket");
}
END_TEST

START_TEST(what_is_below_dev_is_left_out) {
  Place const place;
  place.pack(
      {{.name = "dev/", .type = AE_IFDIR}, {.name = "dev/null", .type = AE_IFCHR}, {.name = "a", .content = "x"}});
  ck_assert(place.open().has_value());
  ck_assert(!fs::exists(fs::symlink_status(place.into() / "dev/null")));
}
END_TEST

START_TEST(a_bomb_ends_at_its_limits_and_exactly_the_limit_is_taken) {
  refused({{.name = "a", .content = std::string(600, 'x')}, {.name = "b", .content = std::string(601, 'x')}},
          "larger than", {.bytes = 1200});
  refused({{.name = "a"}, {.name = "b"}, {.name = "c"}}, "more than 2 entries", {.entries = 2});
  refused({{.name = std::string(100, 'n') + "/" + std::string(100, 'n')}}, "longer than 200 bytes",
          {.path_bytes = 200});
  Place const place;
  place.pack({{.name = "a", .content = std::string(600, 'x')},
              {.name = std::string(100, 'n') + "/" + std::string(99, 'n'), .content = std::string(600, 'x')}});
  ck_assert(place.open({.bytes = 1200, .entries = 2, .path_bytes = 200}).has_value());
}
END_TEST

START_TEST(what_is_no_archive_or_half_of_one_is_refused) {
  Place const place;
  for (std::string const& content : {std::string(), std::string("version https://git-lfs.github.com/spec/v1\n"),
                                     std::string(10'000, '\0'), std::string(10'000, 'x')}) {
    std::ofstream(place.archive_path(), std::ios::binary | std::ios::trunc) << content;
    auto const done = place.open();
    ck_assert(!done.has_value() && done.error().code == Errc::invalid);
  }
  place.pack({{.name = "a", .content = std::string(300'000, 'x')}});
  fs::resize_file(place.archive_path(), 200'000);
  ck_assert(!place.open().has_value());
}
END_TEST

START_TEST(unpacking_ends_when_it_is_told_to) {
  Place const place;
  place.pack({{.name = "a", .content = std::string(300'000, 'x')}});
  auto const done = unpack(place.archive_path(), place.into(), {}, [] { return false; });
  ck_assert(!done.has_value() && done.error().code == Errc::unavailable);
}
END_TEST

START_TEST(a_program_is_found_in_a_tree_or_in_the_one_folder) {
  struct Case {
    std::vector<Entry> entries;
    bool own_root;
    std::string program;
    fs::path below;
  };
  for (auto const& each : {
           Case{{{.name = "usr/bin/blender", .content = "x", .mode = 0755}, {.name = "etc/x"}},
                true,
                "usr/bin/blender",
                ""},
           Case{{{.name = "usr/bin/blender", .type = AE_IFLNK, .link = "/etc/alternatives/blender"}},
                true,
                "usr/bin/blender",
                ""},
           Case{{{.name = "blender-4.3.2-linux-x64/blender", .content = "x", .mode = 0755}},
                false,
                "blender",
                "blender-4.3.2-linux-x64"},
           Case{{{.name = "blender", .content = "x", .mode = 0755}, {.name = "4.3/x"}}, false, "blender", ""},
       }) {
    Place const place;
    place.pack(each.entries);
    ck_assert(place.open().has_value());
    auto const layout = find_layout(place.into(), "blender");
    ck_assert(layout.has_value());
    ck_assert(layout->own_root == each.own_root && layout->program == each.program);
    ck_assert((layout->root / "x").lexically_normal() == (place.into() / each.below / "x").lexically_normal());
  }
  for (auto const& entries : {std::vector<Entry>{{.name = "a/blender", .content = "x"}},          // cannot be executed
                              std::vector<Entry>{{.name = "a/r", .type = AE_IFLNK, .link = "."},  // leads out by links
                                                 {.name = "a/blender",
                                                 .type = AE_IFLNK,
                                                 .link = "r/r/r/r/r/r/r/r/r/r/../../../../../../../../../../bin/sh"}},
                              std::vector<Entry>{{.name = "a/blender", .content = "x", .mode = 0755}, {.name = "b/x"}},
                              std::vector<Entry>{{.name = "a/b/blender", .content = "x", .mode = 0755}}}) {
    Place const place;
    place.pack(entries);
    ck_assert(place.open().has_value() && !find_layout(place.into(), "blender").has_value());
  }
}
END_TEST
