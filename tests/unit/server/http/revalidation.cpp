// What an answer is compared with when it is asked for again, and which of two forms of a file is sent.
#include "server/http/revalidation.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/digest.h"
#include "server/http/compression.h"
#include "server/http/file_reply.h"
#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::string value_of(Reply const& reply, std::string_view name) {
  for (auto const& [key, value] : reply.headers)
    if (key == name) return value;
  return {};
}

Request asks(std::string const& method, std::string const& tag, std::string const& encoding = "") {
  Request request;
  request.method = method;
  request.headers = {{"if-none-match", tag}, {"accept-encoding", encoding}};
  return request;
}

Reply answered(Request const& request, std::string const& text, int status = 200) {
  auto reply = text_reply(status, "application/json", text);
  revalidate_reply(reply, request);
  compress_reply(reply, request);
  return reply;
}

START_TEST(the_same_text_is_not_sent_again) {
  for (auto const& text : {std::string("{}\n"), std::string(5000, 'x')}) {
    auto const tag = value_of(answered(asks("GET", ""), text), "ETag");
    ck_assert_msg(tag.starts_with("W/\"") && tag.size() == 26, "%s", tag.c_str());
    // In whatever encoding it was: the tag is weak.
    ck_assert_text(value_of(answered(asks("GET", "", "gzip"), text), "ETag"), tag);
    for (auto const& known : {tag, "\"other\", " + tag, tag.substr(2), std::string("*")}) {
      for (auto const* method : {"GET", "HEAD"}) {
        auto const again = answered(asks(method, known, "gzip"), text);
        ck_assert_int_eq(again.status, 304);
        ck_assert_text(std::get<std::string>(again.body), "");
        ck_assert_text(value_of(again, "ETag"), tag);
        ck_assert_text(value_of(again, "Content-Type"), "");
        ck_assert_text(value_of(again, "Content-Encoding"), "");
        ck_assert_text(value_of(again, "Vary"), text.size() > 1024 ? "Accept-Encoding" : "");
      }
    }
    auto const changed = answered(asks("GET", tag), text + " ");
    ck_assert_int_eq(changed.status, 200);
    ck_assert_text(std::get<std::string>(changed.body), text + " ");
    ck_assert(value_of(changed, "ETag") != tag);
  }
}
END_TEST

START_TEST(only_good_answers_to_a_get_have_a_tag) {
  ck_assert_text(value_of(answered(asks("POST", "*"), "{}"), "ETag"), "");
  for (int const status : {201, 202, 404, 503}) {
    auto const reply = answered(asks("GET", "*"), "{}", status);
    ck_assert_int_eq(reply.status, status);
    ck_assert_text(value_of(reply, "ETag"), "");
  }
  auto own = text_reply(200, "text/plain", "x").with("ETag", "\"mine\"");
  revalidate_reply(own, asks("GET", "*"));
  ck_assert(own.status == 200 && value_of(own, "ETag") == "\"mine\"");
}
END_TEST

START_TEST(a_file_that_is_compressed_already_is_sent_to_whoever_takes_it) {
  namespace fs = std::filesystem;
  auto const folder = fs::temp_directory_path() / ("distren-gz-" + random_secret());
  fs::create_directory(folder);
  auto const write = [&](std::string const& name, std::string const& text) { std::ofstream(folder / name) << text; };
  write("app.js", "the whole program");
  write("app.js.gz", "gz");
  auto const send = [&](std::string const& encoding, std::string const& tag = "", bool precompressed = true) {
    return file_reply(asks("GET", tag, encoding), {.path = folder / "app.js",
                                                   .content_type = "text/javascript",
                                                   .tag = {},
                                                   .download_name = {},
                                                   .cache_control = "no-cache",
                                                   .precompressed = precompressed});
  };
  auto const length = [](Reply const& reply) { return std::get<FileRange>(reply.body).length; };
  auto const small = send("br, gzip");
  ck_assert(length(small) == 2 && value_of(small, "Content-Encoding") == "gzip");
  ck_assert_text(value_of(small, "Content-Type"), "text/javascript");
  auto const plain = send("");
  ck_assert(length(plain) == 17 && value_of(plain, "Content-Encoding").empty());
  for (auto const* reply : {&small, &plain}) ck_assert_text(value_of(*reply, "Vary"), "Accept-Encoding");
  ck_assert(value_of(small, "ETag") != value_of(plain, "ETag"));
  ck_assert_int_eq(send("gzip", value_of(small, "ETag")).status, 304);
  ck_assert_int_eq(send("", value_of(plain, "ETag")).status, 304);
  ck_assert_int_eq(send("gzip;q=0", value_of(small, "ETag")).status, 200);
  ck_assert_int_eq(length(send("gzip", "", false)), 17);
  // One that is older than the file is of an earlier one.
  fs::last_write_time(folder / "app.js.gz", fs::last_write_time(folder / "app.js") - std::chrono::seconds(1));
  ck_assert_int_eq(length(send("gzip")), 17);
  fs::remove(folder / "app.js.gz");
  fs::create_symlink(folder / "app.js", folder / "app.js.gz");
  ck_assert_int_eq(length(send("gzip")), 17);
  ck_assert(value_of(send("gzip"), "Content-Encoding").empty());
  fs::remove_all(folder);
}
END_TEST

TestGroup const revalidation_tests{"revalidation",
                                   {the_same_text_is_not_sent_again, only_good_answers_to_a_get_have_a_tag,
                                    a_file_that_is_compressed_already_is_sent_to_whoever_takes_it}};

}  // namespace
