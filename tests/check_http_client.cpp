// The HTTP client, downloads and tus uploads against a server that has every fault; see support/http_lab.py.
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/digest.h"
#include "common/files.h"
#include "common/http_client.h"
#include "common/http_download.h"
#include "common/http_error.h"
#include "common/tls.h"
#include "common/tus_client.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

namespace distren {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t content_size = 300000;
std::unique_ptr<HelperProgram> lab;
std::unique_ptr<HelperProgram> tls_lab;
std::unique_ptr<ScratchFolder> certificates;

void start_lab() {
  auto const script = (source_folder() / "tests/support/http_lab.py").string();
  certificates = std::make_unique<ScratchFolder>();
  ck_assert(make_self_signed(*certificates / "cert.pem", *certificates / "key.pem", {"localhost"}).has_value());
  lab = std::make_unique<HelperProgram>(std::vector<std::string>{"python3", script});
  tls_lab = std::make_unique<HelperProgram>(
      std::vector<std::string>{"python3", script, *certificates / "cert.pem", *certificates / "key.pem"});
  ck_assert_msg(!lab->first_line().empty() && !tls_lab->first_line().empty(), "http_lab.py does not start");
}

void stop_lab() {
  lab.reset();
  tls_lab.reset();
  certificates.reset();
}

std::string at(std::string const& path) {
  return fmt::format("http://127.0.0.1:{}{}", lab->first_line(), path);
}
std::string tls_at(std::string const& path) {
  return fmt::format("https://localhost:{}{}", tls_lab->first_line(), path);
}

HttpClient::Response get(HttpClient& client, HttpClient::Request const& request) {
  auto response = client.send(request);
  ck_assert_msg(response.has_value(), "%s", response ? "" : response.error().message.c_str());
  return *std::move(response);
}

HttpClient::Request request_to(std::string url) {
  HttpClient::Request request;
  request.url = std::move(url);
  return request;
}

nlohmann::json json_of(HttpClient& client, HttpClient::Request const& request) {
  return nlohmann::json::parse(get(client, request).body);
}

int requests_of(std::string const& path) {
  HttpClient client;
  return json_of(client, request_to(at("/count" + path))).at("count");
}

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

// --- requests -----------------------------------------------------------------------------------

START_TEST(method_headers_body_and_logins_reach_the_server) {
  HttpClient client;
  auto request = request_to(at("/echo?x=1"));
  request.method = "POST";
  request.body = "{\"a\":1}";
  request.headers = {{"X-Test", "yes"}, {"X-Empty", ""}};
  request.bearer = "token";
  auto echoed = json_of(client, request);
  ck_assert(echoed.at("method") == "POST" && echoed.at("body") == request.body && echoed.at("path") == "/echo?x=1");
  ck_assert(echoed.at("headers").at("X-Test") == "yes" && echoed.at("headers").at("X-Empty") == "");
  ck_assert(echoed.at("headers").at("Authorization") == "Bearer token");
  request.bearer.clear();
  request.basic = HttpClient::BasicLogin{"K1", "pass:word"};
  echoed = json_of(client, request);
  ck_assert(echoed.at("headers").at("Authorization") == "Basic " + to_base64("K1:pass:word"));
}
END_TEST

START_TEST(nothing_of_one_request_leaks_into_the_next) {
  HttpClient client;
  auto request = request_to(at("/echo"));
  request.method = "DELETE";
  request.bearer = "token";
  request.body = "x";
  json_of(client, request);
  auto const echoed = json_of(client, request_to(at("/echo")));
  ck_assert(echoed.at("method") == "GET" && echoed.at("body") == "");
  ck_assert(!echoed.at("headers").contains("Authorization"));
}
END_TEST

START_TEST(a_connection_is_used_again) {
  HttpClient client;
  auto const first = json_of(client, request_to(at("/echo")));
  auto const second = json_of(client, request_to(at("/echo")));
  ck_assert(first.at("port") == second.at("port"));
}
END_TEST

START_TEST(answer_headers_are_lower_case_and_trimmed) {
  HttpClient client;
  auto const response = get(client, request_to(at("/echo")));
  ck_assert_text(response.header("x-mixed-case"), "padded");
  ck_assert_text(response.header("absent"), "");
}
END_TEST

START_TEST(a_refusal_is_an_answer_with_the_servers_sentence) {
  HttpClient client;
  auto error = refusal(get(client, request_to(at("/refusal"))), "the job");
  ck_assert(error.code == Errc::not_found);
  ck_assert_text(error.message, "there is no job 9 [31m");
  struct {
    int status;
    Errc code;
  } const cases[] = {{400, Errc::invalid},     {401, Errc::denied},      {403, Errc::denied},
                     {409, Errc::conflict},    {410, Errc::not_found},   {413, Errc::invalid},
                     {429, Errc::unavailable}, {500, Errc::unavailable}, {503, Errc::unavailable}};
  for (auto const& each : cases) {
    auto const response = get(client, request_to(at(fmt::format("/status/{}", each.status))));
    error = refusal(response, "the job 9");
    ck_assert(error.code == each.code);
    ck_assert_says(error.message, "the job 9");
    ck_assert(retry_after(response, milliseconds(1)) == milliseconds(7000));
  }
}
END_TEST

START_TEST(a_redirect_is_not_followed) {
  HttpClient client;
  ck_assert_int_eq(get(client, request_to(at("/redirect"))).status, 302);
}
END_TEST

START_TEST(an_answer_longer_than_its_limit_is_an_error) {
  HttpClient client;
  auto request = request_to(at("/big"));
  request.answer_limit = content_size;
  ck_assert_uint_eq(get(client, request).body.size(), content_size);
  request.answer_limit = content_size - 1;
  auto response = client.send(request);
  ck_assert(!response);
  ck_assert_says(response.error().message, "longer than the 299999 bytes");
}
END_TEST

START_TEST(plain_http_goes_to_this_machine_only) {
  HttpClient client;
  for (auto const* url : {"http://grid.example.org/", "http://127.0.0.1.example.org/", "http://10.0.0.1:8080/x?token=T",
                          "http://0.0.0.0/", "http://localhost@grid.example.org/"}) {
    auto response = client.send(request_to(url));
    ck_assert_msg(!response && response.error().code == Errc::invalid, "%s", url);
    ck_assert(response.error().message.find("token=T") == std::string::npos);
  }
  HttpClient::Options daring;
  daring.plain_http_anywhere = true;
  daring.connect_timeout = milliseconds(1);
  HttpClient other(daring);
  auto response = other.send(request_to("http://192.0.2.1:9/"));  // a network for documentation: nobody answers
  ck_assert(!response && response.error().code == Errc::unavailable);
}
END_TEST

START_TEST(what_is_no_web_address_is_refused_without_its_query) {
  HttpClient client;
  for (auto const* url : {"", "nonsense with spaces", "ftp://host/x?SECRET", "file:///etc/passwd", "gopher://h/",
                          "https://user:password@host/"}) {
    auto response = client.send(request_to(url));
    ck_assert_msg(!response && response.error().code == Errc::invalid, "%s", url);
    ck_assert(response.error().message.find("SECRET") == std::string::npos);
    ck_assert(response.error().message.find("user:") == std::string::npos);
  }
}
END_TEST

START_TEST(line_breaks_cannot_smuggle_headers) {
  HttpClient client;
  auto request = request_to(at("/echo"));
  request.headers = {{"X-Name", "a\r\nX-Evil: 1"}};
  ck_assert(!client.send(request));
  request.headers.clear();
  request.bearer = "a\nX-Evil: 1";
  auto response = client.send(request);
  ck_assert(!response && response.error().message.find("Evil") == std::string::npos);
}
END_TEST

START_TEST(an_absent_server_is_named_with_what_to_do) {
  HttpClient client;
  auto response = client.send(request_to("http://127.0.0.1:1/x?signature=SECRET"));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "127.0.0.1:1");
  ck_assert_says(response.error().message, "check that the server runs");
  ck_assert(response.error().message.find("SECRET") == std::string::npos);
}
END_TEST

START_TEST(a_hangup_is_unavailable) {
  HttpClient client;
  auto response = client.send(request_to(at("/hangup?signature=SECRET")));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "was cut");
  ck_assert(response.error().message.find("SECRET") == std::string::npos);
}
END_TEST

START_TEST(a_stalled_transfer_ends_by_its_speed) {
  HttpClient::Options options;
  options.slow_for = std::chrono::seconds(1);
  HttpClient client(options);
  auto response = client.send(request_to(at("/slow")));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "slower than 1024 bytes/s");
}
END_TEST

START_TEST(a_cancelled_transfer_ends_at_once) {
  std::atomic<bool> cancelled{true};
  HttpClient::Options options;
  options.cancelled = &cancelled;
  HttpClient client(options);
  auto response = client.send(request_to(at("/slow")));
  ck_assert(!response);
  ck_assert_text(response.error().message, "interrupted");
  ck_assert(!client.pause(milliseconds(3600000)));
}
END_TEST

START_TEST(an_unknown_certificate_is_refused_and_the_way_out_named) {
  HttpClient client;
  auto response = client.send(request_to(tls_at("/echo")));
  ck_assert(!response && response.error().code == Errc::unavailable);
  ck_assert_says(response.error().message, "not trusted");
  ck_assert_says(response.error().message, "CA file");
}
END_TEST

START_TEST(a_ca_file_makes_its_server_trusted_by_its_name_only) {
  HttpClient::Options options;
  options.ca_file = *certificates / "cert.pem";
  HttpClient client(options);
  ck_assert_int_eq(get(client, request_to(tls_at("/echo"))).status, 200);
  auto response = client.send(request_to(fmt::format("https://127.0.0.1:{}/echo", tls_lab->first_line())));
  ck_assert(!response);
  ck_assert_says(response.error().message, "not trusted");
}
END_TEST

START_TEST(a_wrong_pinned_key_is_refused) {
  HttpClient::Options options;
  options.ca_file = *certificates / "cert.pem";
  options.pinned_public_key = "sha256//" + to_base64(std::string(32, 'x'));
  HttpClient client(options);
  auto response = client.send(request_to(tls_at("/echo")));
  ck_assert(!response);
  ck_assert_says(response.error().message, "not the pinned one");
}
END_TEST

START_TEST(a_missing_ca_file_is_named) {
  HttpClient::Options options;
  options.ca_file = "/nonexistent/ca.pem";
  HttpClient client(options);
  auto response = client.send(request_to(tls_at("/echo")));
  ck_assert(!response);
  ck_assert_says(response.error().message, "/nonexistent/ca.pem");
}
END_TEST

START_TEST(addresses_are_resolved_and_compared) {
  ck_assert_text(url_origin("HTTPS://Grid.example.org/x?y").value(), "https://grid.example.org:443");
  ck_assert_text(resolve_url("https://h:1/a/b?c", "/d").value(), "https://h:1/d");
  ck_assert_text(resolve_url("https://h:1/", "https://i/d").value(), "https://i/d");
  ck_assert(!resolve_url("https://h:1/", "d").has_value());
  ck_assert(!resolve_url("https://h:1/", "//i/d").has_value());
  ck_assert_text(url_escape("a b/ä?&~"), "a%20b%2F%C3%A4%3F%26~");
}
END_TEST

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

}  // namespace
}  // namespace distren

int main() {
  using namespace distren;
  auto const lab_case = [](char const* name, std::initializer_list<TTest const*> tests) {
    TCase* group = tcase_create(name);
    tcase_add_unchecked_fixture(group, start_lab, stop_lab);
    tcase_set_timeout(group, 60);
    for (auto const* test : tests) tcase_add_test(group, test);
    return group;
  };
  return run_suite(
      "http_client",
      {lab_case(
           "requests",
           {method_headers_body_and_logins_reach_the_server, nothing_of_one_request_leaks_into_the_next,
            a_connection_is_used_again, answer_headers_are_lower_case_and_trimmed,
            a_refusal_is_an_answer_with_the_servers_sentence, a_redirect_is_not_followed,
            an_answer_longer_than_its_limit_is_an_error, plain_http_goes_to_this_machine_only,
            what_is_no_web_address_is_refused_without_its_query, line_breaks_cannot_smuggle_headers,
            an_absent_server_is_named_with_what_to_do, a_hangup_is_unavailable, a_stalled_transfer_ends_by_its_speed,
            a_cancelled_transfer_ends_at_once, an_unknown_certificate_is_refused_and_the_way_out_named,
            a_ca_file_makes_its_server_trusted_by_its_name_only, a_wrong_pinned_key_is_refused,
            a_missing_ca_file_is_named, addresses_are_resolved_and_compared}),
       lab_case("downloads",
                {a_file_comes_whole, a_cut_download_goes_on_where_it_stopped, a_server_without_ranges_starts_over,
                 a_later_call_takes_up_the_part_of_an_earlier_one, a_part_that_is_too_long_is_thrown_away,
                 a_busy_server_is_asked_again, a_file_of_another_size_is_refused_and_not_kept,
                 a_range_that_was_not_asked_for_is_refused, a_refused_download_says_why_and_is_not_repeated}),
       lab_case("uploads",
                {a_small_file_goes_up_in_one_request, an_empty_file_goes_up,
                 a_large_file_goes_up_in_parts_with_progress, every_lost_connection_is_survived,
                 a_forgotten_upload_is_begun_again_but_not_for_ever, an_upload_without_progress_is_given_up,
                 a_damaged_upload_is_said_to_be_so, an_expired_signature_ends_the_upload_without_repeating_it,
                 the_login_never_follows_an_upload_to_another_host, a_file_that_shrinks_meanwhile_is_named})});
}
