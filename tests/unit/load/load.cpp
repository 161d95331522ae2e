// distren-load's parts: members of messages, durations, pictures.
#include <zlib.h>

#include <string>

#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "tests/load/figures.h"
#include "tests/load/members.h"
#include "tests/load/picture.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace distren::load;

namespace {

std::uint32_t number_at(std::string const& bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return number;
}

}  // namespace

START_TEST(members_are_found_whatever_stands_before_them) {
  MemberIndex const order(
      R"({"type":"order", "files":[{"path":"a \"} b","type":"x"}],"deep":{"attempt":1,"b":[{}]},"attempt" : 981,"on":true})");
  ck_assert(order.find("type") == R"("order")");
  ck_assert(order.find("attempt") == "981");
  ck_assert(order.find("on") == "true");
  ck_assert(order.find("deep") == R"({"attempt":1,"b":[{}]})");
  ck_assert(!order.find("path"));
}
END_TEST

START_TEST(messages_are_read_without_a_tree) {
  MemberIndex const text(
      R"({"type":"verdict","retry_ms":70,"attempt":981,"verdict":"retry","message":"camera \"Side\" \u00e4","upload_again":true})");
  auto const retry = read_message<protocol::Verdict>(text);
  ck_assert(retry.attempt == 981 && retry.retry_ms == 70 && retry.upload_again);
  ck_assert(retry.verdict == protocol::VerdictKind::retry);
  ck_assert_text(retry.message, "camera \"Side\" \xc3\xa4");
  auto const cancel = read_message<protocol::Cancel>(MemberIndex(R"({"attempts": [5, 60 ,7],"code":"x"})"));
  ck_assert(cancel.attempts == std::vector<std::int64_t>({5, 60, 7}));
  protocol::Order order;
  order.inputs = {{"a.blend", std::string(64, 'a'), 5, "/b"}};
  for (int i : {7, 8})
    order.attempts.push_back({.attempt = i,
                              .lease = "l]",
                              .outputs = {{.name = "0001.png", .format = "PNG", .width = 64, .height = 36}},
                              .upload = protocol::UploadPlace{"tus-1.0", "/u"}});
  std::string const line = protocol::write(order);
  MemberIndex const index(line);
  TextReader reader(index);
  protocol::Order read;
  frame_members(reader, read);
  ck_assert_uint_eq(read.attempts.size(), 2);
  auto const& last = read.attempts.at(1);
  ck_assert(last.attempt == 8 && last.lease == "l]" && last.upload->url == "/u");
  ck_assert(last.outputs.at(0).name == "0001.png" && last.outputs.at(0).width == 64);
}
END_TEST

START_TEST(what_is_no_object_has_no_members) {
  for (char const* text : {"", "[]", "{", R"({"type)", R"({"type")", R"({"type":)", R"({"type" 5})", "{type:5}", "5"})
    ck_assert(!MemberIndex(text).find("type"));
  ck_assert(read_message<protocol::Cancel>(MemberIndex(R"({"attempts":"5"})")).attempts.empty());
}
END_TEST

START_TEST(percentiles_are_near_the_truth_and_never_below_it) {
  Durations durations;
  ck_assert_double_eq(durations.percentile_ms(99), 0);
  for (int i = 1; i <= 100000; ++i) durations.add(i);
  for (double const percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    double const truth = percent;  // 100,000 microseconds are 100 ms
    ck_assert_double_ge(durations.percentile_ms(percent), truth);
    ck_assert_double_le(durations.percentile_ms(percent), truth * 1.02);
  }
  ck_assert_double_eq(durations.longest_ms(), 100);
  durations.add(-5);
  durations.add(INT64_MAX);
  ck_assert_int_eq(durations.count(), 100002);
  ck_assert_double_le(durations.percentile_ms(50), 51);
}
END_TEST

START_TEST(a_picture_has_exactly_the_bytes_that_were_asked_for) {
  for (std::size_t const bytes : {std::size_t{2000}, std::size_t{2001}, std::size_t{300000}}) {
    auto const png = make_png(64, 48, bytes);
    ck_assert(png.has_value());
    ck_assert_uint_eq(png->size(), bytes);
    std::string chunks;
    std::size_t at = 8;
    while (at < png->size()) {
      std::size_t const length = number_at(*png, at);
      chunks += png->substr(at + 4, 4) + " ";
      auto const checked = png->substr(at + 4, length + 4);
      ck_assert_uint_eq(number_at(*png, at + 8 + length),
                        crc32(0, reinterpret_cast<Bytef const*>(checked.data()), static_cast<uInt>(checked.size())));
      at += length + 12;
    }
    ck_assert_uint_eq(at, png->size());
    ck_assert_text(chunks, "IHDR diSt IDAT IEND ");
    ck_assert_uint_eq(number_at(*png, 16), 64);
    ck_assert_uint_eq(number_at(*png, 20), 48);
  }
}
END_TEST

START_TEST(a_picture_that_cannot_be_so_small_says_how_small_it_can_be) {
  auto const png = make_png(1000, 1000, 100);
  ck_assert(!png.has_value());
  ck_assert_says(png.error().message, "--result-bytes");
  ck_assert(!make_png(0, 10, 1000).has_value());
  ck_assert(!make_png(10, 20000, 1000).has_value());
}
END_TEST

START_TEST(figures_say_the_same_in_words_and_in_json) {
  Figures figures;
  figures.slaves = figures.signed_on = 10;
  figures.seconds = 2;
  figures.results = 1000;
  figures.orders = 1001;
  figures.accepted.add(1500);
  figures.trouble("retry", "the server is \"busy\"\xff");
  figures.watched.push_back({});
  figures.watched[0].end.name = "distrend";
  figures.watched[0].end.cpu_s = 0.25;
  ck_assert_says(figures.json(), R"("results_per_s":500.0)");
  ck_assert_says(figures.json(), R"("errors":1)");
  ck_assert_says(figures.json(), R"("accepted_max_ms":1.5)");
  ck_assert_says(figures.table(), "0.250 CPU-s per 1,000");
  ck_assert_says(figures.table(), "retry: the server is \"busy\"");
}
END_TEST

namespace {

TestGroup const load_tests{
    "load",
    {members_are_found_whatever_stands_before_them, messages_are_read_without_a_tree, what_is_no_object_has_no_members,
     percentiles_are_near_the_truth_and_never_below_it, a_picture_has_exactly_the_bytes_that_were_asked_for,
     a_picture_that_cannot_be_so_small_says_how_small_it_can_be, figures_say_the_same_in_words_and_in_json}};

}  // namespace
