// The ZIP that is made on its way: read back by Python's zipfile, as a stranger to it, below and above the old limits.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/digest.h"
#include "common/process/process.h"
#include "server/storage/zip_stream.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

constexpr std::int64_t noon = 1767268800;  // 2026-01-01 12:00 UTC

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("distren-zip-" + random_secret());
  Folder() { std::filesystem::create_directory(path); }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  void write(std::string const& name, std::string const& content) const {
    std::ofstream(path / name, std::ios::binary) << content;
  }
};

// Everything into FOLDER/made.zip; what is zero becomes a hole, so that gigabytes take no room. Returns the length.
std::int64_t drain(ZipStream& zip, Folder const& folder, std::size_t piece) {
  int const file = ::open((folder.path / "made.zip").c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  ck_assert_int_ge(file, 0);
  std::string buffer(piece, '\0');
  std::int64_t at = 0;
  while (at < zip.length()) {
    auto const got = zip.read(buffer.data(), buffer.size());
    ck_assert_msg(got.has_value(), "%s", got ? "" : got.error().message.c_str());
    ck_assert(*got > 0);
    auto const bytes = std::string_view(buffer).substr(0, *got);
    if (bytes.find_first_not_of('\0') != std::string_view::npos) {
      ck_assert_int_eq(::pwrite(file, bytes.data(), bytes.size(), at), static_cast<ssize_t>(bytes.size()));
    }
    at += static_cast<std::int64_t>(*got);
  }
  ck_assert_int_eq(::ftruncate(file, at), 0);
  ::close(file);
  ck_assert(!zip.read(buffer.data(), 1).has_value());
  return at;
}

// What Python says to `expression` about the archive z.
std::string python(Folder const& folder, std::string const& expression) {
  ProcessOptions options;
  options.argv = {"python3", "-c", "import zipfile; z = zipfile.ZipFile('made.zip'); print(" + expression + ")"};
  options.directory = folder.path;
  auto const said = run_process(std::move(options), std::chrono::seconds(120));
  ck_assert_msg(said.has_value(), "%s", said ? "" : said.error().message.c_str());
  return said->output;
}

}  // namespace

START_TEST(files_come_out_as_they_went_in) {
  Folder const folder;
  folder.write("0001.png", "one picture");
  folder.write("0002.png", "");
  folder.write("größe 3.png", std::string(300000, 'x') + "end");
  for (std::size_t const piece : {1U, 7U, 4096U, 1U << 20}) {
    ZipStream zip(folder.path, noon);
    zip.add("0001.png", 11);
    zip.add("0002.png", 0);
    zip.add("größe 3.png", 300003);
    ck_assert_int_eq(drain(zip, folder, piece), zip.length());
    ck_assert_text(python(folder, "z.testzip(), z.namelist(), z.read('0001.png'), z.read('größe 3.png')[-4:]"),
                   "None ['0001.png', '0002.png', 'größe 3.png'] b'one picture' b'xend'\n");
  }
  ck_assert_text(python(folder, "z.getinfo('0001.png').date_time, z.getinfo('0001.png').compress_type"),
                 "(2026, 1, 1, 12, 0, 0) 0\n");
}
END_TEST

START_TEST(more_files_than_the_old_format_counts_are_listed) {
  Folder const folder;
  folder.write("frame", "x");
  ZipStream zip(folder.path, noon);
  for (int i = 0; i < 65535; ++i) zip.add("frame", 1);
  ck_assert_int_eq(drain(zip, folder, 1 << 16), zip.length());
  ck_assert_text(python(folder, "len(z.namelist())"), "65535\n");
}
END_TEST

START_TEST(files_above_and_behind_four_gibibytes_are_found) {
  Folder const folder;
  std::int64_t const large = (std::int64_t{1} << 32) + 5;
  folder.write("large", "begin");
  std::filesystem::resize_file(folder.path / "large", static_cast<std::uintmax_t>(large));
  folder.write("small", "behind it");
  ZipStream zip(folder.path, noon);
  zip.add("large", large);
  zip.add("small", 9);
  ck_assert_int_eq(drain(zip, folder, 1 << 20), zip.length());
  ck_assert_text(python(folder, "z.getinfo('large').file_size, z.open('large').read(5), z.read('small')"),
                 "4294967301 b'begin' b'behind it'\n");
}
END_TEST

START_TEST(a_file_that_is_gone_or_changed_ends_the_stream) {
  Folder const folder;
  folder.write("frame", "1234");
  std::string buffer(1000, '\0');
  ZipStream missing(folder.path, noon);
  missing.add("nothing", 4);
  auto const nothing = missing.read(buffer.data(), buffer.size());
  ck_assert(!nothing.has_value());
  ck_assert_says(nothing.error().message, "nothing: No such file");
  ZipStream longer(folder.path, noon);
  longer.add("frame", 3);
  auto const wrong = longer.read(buffer.data(), buffer.size());
  ck_assert(!wrong.has_value());
  ck_assert_says(wrong.error().message, "has 4 bytes, its row says 3");
  std::filesystem::create_symlink("frame", folder.path / "link");
  ZipStream linked(folder.path, noon);
  linked.add("link", 4);
  ck_assert(!linked.read(buffer.data(), buffer.size()).has_value());
  ZipStream shortened(folder.path, noon);
  shortened.add("frame", 4);
  ck_assert(shortened.read(buffer.data(), 30).has_value());  // its header; the file is open
  std::filesystem::resize_file(folder.path / "frame", 0);
  ck_assert(shortened.read(buffer.data(), 5).has_value());  // its name
  auto const gone = shortened.read(buffer.data(), buffer.size());
  ck_assert(!gone.has_value());
  ck_assert_says(gone.error().message, "it became shorter");
}
END_TEST

namespace {

TestGroup const zips_tests{
    "zips",
    {files_come_out_as_they_went_in, more_files_than_the_old_format_counts_are_listed,
     files_above_and_behind_four_gibibytes_are_found, a_file_that_is_gone_or_changed_ends_the_stream},
    {.timeout_s = 300}};

}  // namespace
