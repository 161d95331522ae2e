// Downloads and tus uploads against a server that has every fault; see support/http_fixture.py.
#include <sys/stat.h>

#include <fstream>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/http/http_download.h"
#include "common/http/tus_client.h"
#include "tests/support/http_fixture.h"

namespace distren {
namespace {

using std::chrono::milliseconds;

std::string some_content() {
  std::string out;
  for (int i = 0; i < content_size; ++i) out += static_cast<char>((i * 7 + i / 251) % 256);
  return out;
}

Download fast_download(std::string const& path, std::filesystem::path const& to) {
  Download what;
  what.url = at(path);
  what.path = to;
  what.size = content_size;
  what.first_pause = milliseconds(1);
  return what;
}

void ck_assert_content(std::filesystem::path const& path) {
  auto content = read_file(path);
  ck_assert(content.has_value());
  ck_assert(*content == some_content());
  ck_assert(!std::filesystem::exists(path.string() + ".part"));
}

TusUpload fast_upload(std::string const& fault, std::filesystem::path const& path, std::int64_t part_size = 50000) {
  TusUpload upload;
  upload.creation_url = at("/tus/" + fault + "?signature=SECRET");
  upload.path = path;
  upload.size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  auto digest = sha256_file(path);
  ck_assert(digest.has_value());
  upload.sha256 = to_hex(*digest);
  upload.filename = path.filename();
  upload.part_size = part_size;
  upload.first_pause = milliseconds(1);
  return upload;
}

std::filesystem::path write_content(ScratchFolder const& folder, std::string const& content = some_content()) {
  auto const path = folder / "scene.blend";
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

nlohmann::json arrived(std::string const& id) {
  HttpClient client;
  return json_of(client, request_to(at("/upload-content/" + id)));
}

void ck_assert_arrived(Result<std::string> const& id, TusUpload const& upload) {
  ck_assert_msg(id.has_value(), "%s", id ? "" : id.error().message.c_str());
  ck_assert_text(arrived(*id).at("sha256").get<std::string>(), upload.sha256);
}

// --- downloads ----------------------------------------------------------------------------------

START_TEST(a_file_comes_whole) {
  ScratchFolder folder;
  HttpClient client;
  auto what = fast_download("/file", folder / "a");
  std::int64_t last = 0;
  what.received = [&last](std::int64_t bytes) { last = bytes; };
  auto done = download(client, what);
  ck_assert_msg(done.has_value(), "%s", done ? "" : done.error().message.c_str());
  ck_assert_content(folder / "a");
  ck_assert_int_eq(last, content_size);
}
END_TEST

START_TEST(a_cut_download_goes_on_where_it_stopped) {
  ScratchFolder folder;
  HttpClient client;
  ck_assert(download(client, fast_download("/cut/1", folder / "a")).has_value());
  ck_assert_content(folder / "a");
  ck_assert_int_eq(requests_of("/cut/1"), 4);
}
END_TEST

START_TEST(a_server_without_ranges_starts_over) {
  ScratchFolder folder;
  std::ofstream(folder / "a.part") << "something old";
  HttpClient client;
  ck_assert(download(client, fast_download("/no-ranges", folder / "a")).has_value());
  ck_assert_content(folder / "a");
}
END_TEST

START_TEST(a_later_call_takes_up_the_part_of_an_earlier_one) {
  ScratchFolder folder;
  HttpClient client;
  auto failed = download(client, fast_download("/always-cut/1", folder / "a"));
  ck_assert(!failed && failed.error().code == Errc::unavailable);
  ck_assert(!std::filesystem::exists(folder / "a"));
  ck_assert_uint_eq(std::filesystem::file_size(folder / "a.part"), content_size / 2);
  ck_assert(download(client, fast_download("/file", folder / "a")).has_value());
  ck_assert_content(folder / "a");
}
END_TEST

START_TEST(a_part_that_is_too_long_is_thrown_away) {
  ScratchFolder folder;
  std::ofstream(folder / "a.part") << std::string(content_size + 1, 'x');
  HttpClient client;
  ck_assert(download(client, fast_download("/file", folder / "a")).has_value());
  ck_assert_content(folder / "a");
}
END_TEST

START_TEST(a_busy_server_is_asked_again) {
  ScratchFolder folder;
  HttpClient client;
  ck_assert(download(client, fast_download("/busy/d", folder / "a")).has_value());
  ck_assert_content(folder / "a");
}
END_TEST

START_TEST(a_file_of_another_size_is_refused_and_not_kept) {
  ScratchFolder folder;
  HttpClient client;
  auto longer = download(client, fast_download("/longer", folder / "a"));
  ck_assert(!longer && longer.error().code == Errc::invalid);
  ck_assert_says(longer.error().message, "more for 'a' than its 300000 bytes");
  ck_assert_uint_eq(std::filesystem::file_size(folder / "a.part"), 0);
  auto shorter = download(client, fast_download("/shorter", folder / "a"));
  ck_assert(!shorter);
  ck_assert_says(shorter.error().message, "ended after 1000 of 300000");
  ck_assert(!std::filesystem::exists(folder / "a"));
}
END_TEST

START_TEST(a_range_that_was_not_asked_for_is_refused) {
  ScratchFolder folder;
  std::ofstream(folder / "a.part") << some_content().substr(0, 100);
  HttpClient client;
  auto done = download(client, fast_download("/wrong-range", folder / "a"));
  ck_assert(!done);
  ck_assert_says(done.error().message, "another part of 'a'");
}
END_TEST

START_TEST(a_refused_download_says_why_and_is_not_repeated) {
  ScratchFolder folder;
  HttpClient client;
  auto done = download(client, fast_download("/refusal/d", folder / "a"));
  ck_assert(!done && done.error().code == Errc::not_found);
  ck_assert_int_eq(requests_of("/refusal/d"), 1);
}
END_TEST

START_TEST(a_limit_holds_a_download_back) {
  ScratchFolder folder;
  HttpClient::Options options;
  options.download_limit = content_size / 2;
  HttpClient client(options);
  auto const began = std::chrono::steady_clock::now();
  auto what = fast_download("/limited", folder / "file");
  ck_assert(download(client, what).has_value());
  // Two seconds' worth; what the kernel holds ready at the beginning and the end is not counted.
  ck_assert(std::chrono::steady_clock::now() - began > milliseconds(800));
  ck_assert_content(folder / "file");
}
END_TEST

// --- uploads ------------------------------------------------------------------------------------

START_TEST(a_small_file_goes_up_in_one_request) {
  ScratchFolder folder;
  HttpClient client;
  auto upload = fast_upload("one", write_content(folder), 1 << 20);
  upload.bearer = "token";
  auto const id = upload_by_tus(client, upload);
  ck_assert_arrived(id, upload);
  auto const there = arrived(*id);
  ck_assert(there.at("largest") == content_size && there.at("authorization") == "Bearer token");
  ck_assert(there.at("metadata").at("sha256") == upload.sha256);
  ck_assert(there.at("metadata").at("filename") == "scene.blend");
}
END_TEST

START_TEST(an_empty_file_goes_up) {
  ScratchFolder folder;
  HttpClient client;
  auto const upload = fast_upload("empty", write_content(folder, ""));
  ck_assert_arrived(upload_by_tus(client, upload), upload);
}
END_TEST

START_TEST(a_large_file_goes_up_in_parts_with_progress) {
  ScratchFolder folder;
  HttpClient client;
  auto upload = fast_upload("parts", write_content(folder));
  std::int64_t last = 0;
  upload.sent = [&last](std::int64_t bytes) { last = bytes; };
  auto const id = upload_by_tus(client, upload);
  ck_assert_arrived(id, upload);
  ck_assert_int_eq(arrived(*id).at("largest").get<int>(), 50000);
  ck_assert_int_eq(last, content_size);
}
END_TEST

START_TEST(another_process_resumes_an_upload_at_its_address) {
  ScratchFolder folder;
  std::atomic<bool> killed{false};
  auto first = fast_upload("parts", write_content(folder));
  std::string location;
  first.placed = [&location](std::string const& address) { location = address; };
  first.sent = [&killed](std::int64_t bytes) { killed = bytes > 120000; };
  HttpClient::Options options;
  options.cancelled = &killed;
  HttpClient dying(options);
  ck_assert(!upload_by_tus(dying, first));
  ck_assert(!location.empty());

  HttpClient client;
  auto second = fast_upload("parts", folder / "scene.blend");
  second.location = location;
  std::int64_t begun = -1;
  second.sent = [&begun](std::int64_t bytes) { begun = begun < 0 ? bytes : begun; };
  second.placed = [](std::string const&) { ck_abort_msg("it was created again"); };
  ck_assert_arrived(upload_by_tus(client, second), second);
  ck_assert_int_ge(begun, 100000);
}
END_TEST

START_TEST(an_address_of_another_server_or_of_nothing_is_not_resumed) {
  ScratchFolder folder;
  HttpClient client;
  for (auto const& address :
       {std::string("http://127.0.0.2:9/upload/parts-1-0"), at("/upload/absent"), std::string("x")}) {
    auto upload = fast_upload("parts", write_content(folder));
    upload.location = address;
    ck_assert_arrived(upload_by_tus(client, upload), upload);
  }
}
END_TEST

START_TEST(every_lost_connection_is_survived) {
  ScratchFolder folder;
  HttpClient client;
  for (auto const* fault : {"cut", "silent-loss", "cut-create", "busy", "no-create-with-upload", "small-parts"}) {
    auto const upload = fast_upload(fault, write_content(folder));
    ck_assert_arrived(upload_by_tus(client, upload), upload);
  }
}
END_TEST

START_TEST(a_forgotten_upload_is_begun_again_but_not_for_ever) {
  ScratchFolder folder;
  HttpClient client;
  auto const upload = fast_upload("forget", write_content(folder));
  ck_assert_arrived(upload_by_tus(client, upload), upload);
  auto id = upload_by_tus(client, fast_upload("forget-always", folder / "scene.blend"));
  ck_assert(!id && id.error().code == Errc::not_found);
}
END_TEST

START_TEST(an_upload_without_progress_is_given_up) {
  ScratchFolder folder;
  HttpClient client;
  auto id = upload_by_tus(client, fast_upload("stuck", write_content(folder)));
  ck_assert(!id && id.error().code == Errc::unavailable);
}
END_TEST

START_TEST(a_damaged_upload_is_said_to_be_so) {
  ScratchFolder folder;
  HttpClient client;
  auto id = upload_by_tus(client, fast_upload("damaged", write_content(folder)));
  ck_assert(!id && id.error().code == Errc::invalid);
  ck_assert_says(id.error().message, "another SHA-256");
}
END_TEST

START_TEST(an_expired_signature_ends_the_upload_without_repeating_it) {
  ScratchFolder folder;
  HttpClient client;
  auto id = upload_by_tus(client, fast_upload("denied", write_content(folder)));
  ck_assert(!id && id.error().code == Errc::denied);
  ck_assert_text(id.error().message, "this signature has expired");
  ck_assert_int_eq(requests_of("/tus/denied?signature=SECRET"), 1);
}
END_TEST

START_TEST(the_login_never_follows_an_upload_to_another_host) {
  ScratchFolder folder;
  HttpClient client;
  auto id = upload_by_tus(client, fast_upload("elsewhere", write_content(folder)));
  ck_assert(!id && id.error().code == Errc::invalid);
  ck_assert_says(id.error().message, "another host");
}
END_TEST

START_TEST(a_file_that_shrinks_meanwhile_is_named) {
  ScratchFolder folder;
  HttpClient client;
  auto upload = fast_upload("shrinks", write_content(folder));
  std::filesystem::resize_file(upload.path, 120000);
  auto id = upload_by_tus(client, upload);
  ck_assert(!id && id.error().code == Errc::invalid);
  ck_assert_says(id.error().message, "became shorter");
}
END_TEST

START_TEST(a_limit_holds_an_upload_back) {
  ScratchFolder folder;
  HttpClient::Options options;
  options.upload_limit = content_size / 2;
  HttpClient client(options);
  auto const upload = fast_upload("limited", write_content(folder), 1 << 20);
  auto const began = std::chrono::steady_clock::now();
  ck_assert_arrived(upload_by_tus(client, upload), upload);
  ck_assert(std::chrono::steady_clock::now() - began > milliseconds(800));
}
END_TEST

TestGroup const downloads_tests{
    "downloads",
    {a_file_comes_whole, a_cut_download_goes_on_where_it_stopped, a_server_without_ranges_starts_over,
     a_later_call_takes_up_the_part_of_an_earlier_one, a_part_that_is_too_long_is_thrown_away,
     a_busy_server_is_asked_again, a_file_of_another_size_is_refused_and_not_kept,
     a_range_that_was_not_asked_for_is_refused, a_refused_download_says_why_and_is_not_repeated,
     a_limit_holds_a_download_back},
    with_http_server};
TestGroup const uploads_tests{
    "uploads",
    {a_small_file_goes_up_in_one_request, an_empty_file_goes_up, a_large_file_goes_up_in_parts_with_progress,
     another_process_resumes_an_upload_at_its_address, an_address_of_another_server_or_of_nothing_is_not_resumed,
     every_lost_connection_is_survived, a_forgotten_upload_is_begun_again_but_not_for_ever,
     an_upload_without_progress_is_given_up, a_damaged_upload_is_said_to_be_so,
     an_expired_signature_ends_the_upload_without_repeating_it, the_login_never_follows_an_upload_to_another_host,
     a_file_that_shrinks_meanwhile_is_named, a_limit_holds_an_upload_back},
    with_http_server};

}  // namespace
}  // namespace distren
