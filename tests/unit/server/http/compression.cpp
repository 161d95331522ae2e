// What is sent as gzip, and what never is.
#include "server/http/compression.h"

#include <zlib.h>

#include "tests/support/check_main.h"

using namespace distren;

namespace {

std::string header(Reply const& reply, std::string_view name) {
  for (auto const& [key, value] : reply.headers)
    if (key == name) return value;
  return {};
}

std::string unpacked(std::string const& bytes) {
  z_stream stream{};
  ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

Reply sent(Reply reply, std::string const& accepted) {
  Request request;
  request.headers = {{"accept-encoding", accepted}};
  compress_reply(reply, request);
  return reply;
}

START_TEST(an_encoding_is_taken_unless_its_weight_is_nothing) {
  for (auto const* yes : {"gzip", "GZIP", "deflate, gzip, br", "br;q=1.0, gzip;q=0.8", "gzip ;q=0.001", "gzip;Q=1"})
    ck_assert_msg(accepts_gzip(yes), "%s", yes);
  for (auto const* no : {"", "identity", "deflate, br", "gzip;q=0", "gzip; q=0.000", "xgzip", "br, gzip;Q=0.0", ",,;"})
    ck_assert_msg(!accepts_gzip(no), "%s", no);
}
END_TEST

START_TEST(a_long_text_is_compressed_for_whoever_takes_it) {
  std::string text;
  while (text.size() < 50000) text += "{\"id\":" + std::to_string(text.size()) + "},";
  auto const reply = sent(text_reply(200, "application/json", text), "gzip");
  ck_assert_text(header(reply, "Content-Encoding"), "gzip");
  ck_assert_text(header(reply, "Vary"), "Accept-Encoding");
  auto const& bytes = std::get<std::string>(reply.body);
  ck_assert_uint_lt(bytes.size(), text.size() / 3);
  ck_assert_text(unpacked(bytes), text);
  auto const plain = sent(text_reply(200, "application/json", text), "br");
  ck_assert_text(header(plain, "Content-Encoding"), "");
  ck_assert_text(header(plain, "Vary"), "Accept-Encoding");
  ck_assert_text(std::get<std::string>(plain.body), text);
}
END_TEST

START_TEST(short_texts_problems_and_what_is_compressed_stay_as_they_are) {
  std::string const text(4000, 'x');
  ck_assert_text(header(sent(text_reply(200, "application/json", text.substr(0, 1024)), "gzip"), "Vary"), "");
  ck_assert_text(std::get<std::string>(sent(text_reply(404, problem_type, text), "gzip").body), text);
  auto const twice = sent(sent(text_reply(200, "text/plain", text), "gzip"), "gzip");
  ck_assert_text(unpacked(std::get<std::string>(twice.body)), text);
  auto const empty = sent(empty_reply(204), "gzip");
  ck_assert_text(std::get<std::string>(empty.body), "");
}
END_TEST

TestGroup const compression_tests{
    "compression",
    {an_encoding_is_taken_unless_its_weight_is_nothing, a_long_text_is_compressed_for_whoever_takes_it,
     short_texts_problems_and_what_is_compressed_stay_as_they_are}};

}  // namespace
