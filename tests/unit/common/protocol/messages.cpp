// The messages between server and slaves: read as they were written, with nonsense in them, and as their document says.
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "common/protocol/codec.h"
#include "common/protocol/hello.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "common/protocol/shapes.h"
#include "common/protocol/telemetry.h"
#include "tests/support/check_main.h"

using namespace distren;
using namespace distren::protocol;
using nlohmann::json;

namespace {

// What was written, read and written again; the two texts are the same.
template <typename Message>
Message there_and_back(Message const& message) {
  std::string const text = write(message);
  auto const incoming = parse_line(text);
  ck_assert_msg(incoming.has_value(), "%s", text.c_str());
  ck_assert_text(incoming->type, std::string(Message::type));
  auto const reading = read<Message>(incoming->message);
  ck_assert_msg(reading.problems.empty(), "%s: %s", text.c_str(),
                reading.problems.empty() ? "" : reading.problems.front().c_str());
  ck_assert_text(write(reading.message), text);
  return reading.message;
}

Order an_order() {
  Order order;
  order.attempt = 981;
  order.task = 5;
  order.job = 1;
  order.owner = {3, "alice"};
  order.method = "blender";
  order.version = "3.4";
  order.parameters = {{"file", "scene.blend"}, {"samples", 64}};
  order.files = {{"scene.blend", std::string(64, 'a'), 52344, "/api/v1/files/blobs/x?signature=\"y\""}};
  order.output = {.name = "0005.png", .format = "PNG", .width = 960, .height = 540, .max_bytes = 1000};
  order.upload_url = "/api/v1/uploads?attempt=981";
  order.lease = "5.981.7.mac";
  return order;
}

// Values that no member may be: reading must survive each, and take over nothing absurd.
std::vector<json> nonsense() {
  json deep = json::array();
  for (int i = 0; i < 20; ++i) deep = json::array({deep});
  return {nullptr,
          true,
          -1,
          1e300,
          -1e300,
          2.5,
          UINT64_MAX,
          INT64_MIN,
          "",
          "\xc3\xa4\n",
          std::string(20'000, 'x'),
          json::object(),
          {{"attempt", "x"}, {"code", json::array()}},
          json::array(),
          json::array({1, "x", nullptr, json::object(), json::array()}),
          deep};
}

// Every member of this message in turn is each kind of nonsense, and what is read can be written and read again.
template <typename Message>
void survive(Message const& good) {
  json const message = json::parse(write(good));
  for (auto const& member : message.items()) {
    for (auto const& bad : nonsense()) {
      json broken = message;
      broken[member.key()] = bad;
      auto const reading = read<Message>(broken);
      auto const again = read<Message>(json::parse(write(reading.message)));
      ck_assert_text(write(again.message), write(reading.message));
    }
  }
  for (auto const& bad : nonsense()) read<Message>(bad);
}

std::string document() {
  char const* top = std::getenv("top_srcdir");
  return std::string(top == nullptr ? ".." : top) + "/doc/protocol.md";
}

std::string heading_of(MessageShape const& shape) {
  if (shape.type == "file list") return "The answer of `file_list`";
  auto const from = shape.from == "both" ? std::string("from either") : "from the " + std::string(shape.from);
  return "`" + shape.type + "` " + from;
}

// Heading, member, what is allowed: of the tables under "### ".
std::map<std::string, std::map<std::string, std::string>> documented() {
  std::map<std::string, std::map<std::string, std::string>> found;
  std::ifstream file(document());
  ck_assert_msg(file.good(), "%s is not there", document().c_str());
  std::string heading;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) heading.clear();
    if (line.starts_with("### ")) found[heading = line.substr(4)];
    if (heading.empty() || !line.starts_with("| `")) continue;
    auto const end = line.find("` | "), next = line.find(" | ", end + 4);
    ck_assert_msg(end != std::string::npos && next != std::string::npos, "no row of three cells: %s", line.c_str());
    found[heading][line.substr(3, end - 3)] = line.substr(end + 4, next - end - 4);
  }
  return found;
}

}  // namespace

START_TEST(each_message_is_read_as_it_was_written) {
  there_and_back(Ping{});
  there_and_back(Pong{});
  there_and_back(ErrorMessage{Errc::conflict, "two \"of\" you\n"});
  auto const sign_on = there_and_back(SignOn{1, "K1", "secret", "9f2c", "distren-slave 0.1.0"});
  ck_assert(sign_on.protocol == 1 && sign_on.slavepassword == "secret");
  ck_assert(there_and_back(Refused{Errc::unavailable, "busy", 5000}).retry_after_ms == 5000);
  Welcome welcome;
  welcome.slave = 7;
  welcome.name = "attic";
  welcome.files_url = "https://grid.example.org:8443";
  welcome.telemetry_interval_ms = 60'000;
  welcome.remote_settings = {.threads = 2, .schedule = {{"mon 08:00-09:00"}}, .paused = true};
  welcome.cancelled_attempts = {{981, "gone"}};
  auto const welcomed = there_and_back(welcome);
  ck_assert(welcomed.remote_settings == welcome.remote_settings && welcomed.cancelled_attempts.at(0).attempt == 981);
  Hello hello;
  hello.cores = 8;
  hello.max_orders = 8;
  hello.gpus = {"NVIDIA GeForce RTX 3060"};
  hello.methods = {{"blender", "3.4.1+optix-1a2b3c4d"}};
  hello.attempts = {{981, "5.981.7.mac"}};
  hello.blocks = {.users = {"mallory"}, .projects = {3}, .jobs = {17}};
  hello.effective_settings = {.threads = 4, .memory_mib = 8000, .problems = {"schedule: no"}};
  auto const told = there_and_back(hello);
  ck_assert(told.blocks == hello.blocks && told.methods == hello.methods && told.effective_settings->threads == 4);
  there_and_back(RemoteSettings{.memory_mib = 4000});
  there_and_back(Telemetry{.state = SlaveActivity::suspended, .load = 7.9, .temperature_c = -20, .on_battery = true});
  there_and_back(Cancel{981, "job 1 was cancelled by its owner"});
  there_and_back(LogRequest{981});
  there_and_back(LogText{981, "Fra:5 Mem:9.91M\n"});
  ck_assert(there_and_back(Progress{981, 0.42, 31'000}).fraction == 0.42);
  ResultReport result;
  result.attempt = 981;
  result.lease = "l";
  result.outcome = Outcome::done;
  result.cpu_ms = 61'200;
  result.output = {"0005.png", 183'744, std::string(64, 'b'), "u1"};
  result.warnings = {"no texture"};
  ck_assert(there_and_back(result).output->size == 183'744);
  result.outcome = Outcome::returned;
  result.code = ReturnCode::too_long;
  ck_assert(there_and_back(result).code == ReturnCode::too_long);
  there_and_back(Accepted{981});
  there_and_back(Rejected{981, "the image is 960x270"});
  ck_assert(there_and_back(Retry{981, 0, "gone", true}).upload_again);
  ck_assert(there_and_back(an_order()).files.at(0).url == an_order().files.at(0).url);
}
END_TEST

START_TEST(an_order_of_a_template_is_the_order_with_its_frame) {
  Order order = an_order();
  Order frame;
  frame.attempt = order.attempt;
  frame.task = order.task;
  frame.job = order.job;
  frame.lease = order.lease;
  frame.output = order.output;
  frame.upload_url = order.upload_url;
  auto const text = write_order(order_template(order), frame, {.frame = -5, .first_column = 1, .last_column = 10});
  order.parameters["frame"] = -5;
  order.parameters["first-column"] = 1;
  order.parameters["last-column"] = 10;
  ck_assert(json::parse(text) == json::parse(write(order)));
  ck_assert(text.starts_with(R"({"type":"order","attempt":981,"task":5,"job":1,)"));
  ck_assert(parse<Order>(json::parse(text)).has_value());
}
END_TEST

START_TEST(no_member_of_no_message_stops_a_reader) {
  survive(ErrorMessage{Errc::denied, "m"});
  survive(SignOn{1, "K", "p", "i", "s"});
  survive(Refused{Errc::conflict, "m", 1});
  Welcome welcome;
  welcome.files_url = "u";
  welcome.telemetry_interval_ms = 1000;
  welcome.remote_settings = RemoteSettings{};
  welcome.cancelled_attempts = {{1, "r"}};
  survive(welcome);
  Hello hello;
  hello.protocol = 1;
  hello.max_orders = 1;
  hello.minutes_per_frame = 1;
  hello.blocks.jobs = {1};
  hello.effective_settings = {.schedule = {{}}, .problems = {"p"}};
  survive(hello);
  survive(RemoteSettings{1, 64, 1, {{"mon 08:00-09:00"}}, true});
  survive(Telemetry{SlaveActivity::idle, 1, 1, 1, 1, 1, 1, 1, true});
  survive(an_order());
  survive(Cancel{1, "r"});
  survive(LogText{1, "t"});
  survive(Progress{1, 0.5, 1});
  ResultReport result{1, "l", Outcome::failed, 1, 1, 1, ResultOutput{"n", 1, "s", "u"}, "r", ReturnCode::too_long, "l"};
  result.warnings = {"w"};
  survive(result);
  survive(Rejected{1, "r"});
  survive(Retry{1, 1, "r", true});
}
END_TEST

START_TEST(what_is_out_of_range_counts_as_left_out_or_as_the_nearest_bound) {
  auto const hello = read<Hello>({{"cores", 4097}, {"slots", 8.0}, {"orders", 8.5}, {"memory", "all"}, {"cpu", 5}});
  ck_assert(hello.message.cores == 0 && hello.message.slots == 8 && hello.message.max_orders == 0);
  ck_assert(hello.message.memory_mib == 0 && hello.message.cpu.empty());
  ck_assert_uint_eq(hello.problems.size(), 4);
  auto const welcome = read<Welcome>({{"heartbeat", 5}, {"telemetry", 1e300}}).message;
  ck_assert(welcome.heartbeat_ms == 1000 && welcome.telemetry_interval_ms == 3'600'000);
  ck_assert(read<Progress>({{"attempt", 1}, {"fraction", 1.5}}).message.fraction == 1);
  ck_assert(read<ResultReport>({{"attempt", UINT64_MAX}, {"cpu", -5}, {"wall", 0.5}}).message.attempt == 0);
  auto const settings = read<RemoteSettings>({{"threads", 0}, {"paused", 1}, {"schedule", {"mon", 5}}});
  ck_assert(settings.message == RemoteSettings{});
  ck_assert_text(settings.problems.at(0), "threads: 0 is not an integer from 1 to 1,024");
  ck_assert_says(settings.problems.at(1), "schedule: a list is not a list of at most 50: a text of at most 60 bytes");
  ck_assert_text(settings.problems.at(2), "paused: 1 is not true or false");
}
END_TEST

START_TEST(texts_and_lists_are_bounded_when_read_and_when_written) {
  ck_assert_uint_eq(read<Hello>({{"os", std::string(300, 'x')}}).message.os.size(), 200);
  ck_assert(read<ResultReport>({{"lease", std::string(600, 'x')}}).message.lease.empty());  // a part of one is none
  json many;
  for (int i = 1; i <= 5000; ++i) many["holding"].push_back({{"attempt", i}, {"lease", "l"}});
  ck_assert_uint_eq(read<Hello>(many).message.attempts.size(), 1000);
  LogText const log{1, std::string(20'000, 'x') + "\nlast\n"};
  ck_assert_text(read<LogText>(json::parse(write(log))).message.text, "last\n");  // the end, in whole lines
  std::string const accents = "x" + std::string(1000, 'a') + "\xc3\xa4";
  ck_assert_text(read<Rejected>(json::parse(write(Rejected{1, accents}))).message.reason, accents.substr(0, 1000));
  ResultReport result;
  result.attempt = 1;
  result.outcome = Outcome::failed;
  result.reason = "x\xff y" + std::string(2000, '\n');
  result.log = std::string(20'000, '\1');
  result.warnings = std::vector<std::string>(40, std::string(2000, '\1'));
  auto const line = write_line(result);
  ck_assert_uint_lt(line.size(), max_line_bytes);
  ck_assert_text(json::parse(line)["type"], "result");
  result.warnings.clear();
  result.log = "short";
  ck_assert_text(json::parse(write_line(result))["log"], "short");
}
END_TEST

START_TEST(what_no_message_can_do_without_is_demanded) {
  ck_assert_says(parse<Progress>(json::object()).error().message, "attempt is missing");
  ck_assert_says(parse<LogText>({{"attempt", "1"}}).error().message, "attempt is missing");
  ck_assert_says(parse<ResultReport>({{"attempt", 1}, {"state", "lost"}}).error().message, "done, failed, returned");
  json result{{"attempt", 1}, {"state", "done"}, {"output", {{"sha256", std::string(64, 'A')}}}};
  ck_assert_says(parse<ResultReport>(result).error().message, "sha256");
  result["output"]["sha256"] = std::string(64, 'a');
  ck_assert(parse<ResultReport>(result).has_value());
  for (char const* line : {"", "5", "[]", "{}", R"({"type":5})", R"({"type":""})", "{\"type\":\"\xff\"}", "{"})
    ck_assert_msg(!parse_line(line), "%s", line);
  std::string deep = R"({"type":"ping","x":)";
  for (int i = 0; i < 40; ++i) deep += '[';
  ck_assert(!parse_line(deep + std::string(40, ']') + "}"));
}
END_TEST

START_TEST(an_order_with_a_wrong_member_is_not_carried_out) {
  json const good = json::parse(write(an_order()));
  ck_assert(parse<Order>(good).has_value());
  auto const broken = [&good](char const* pointer, json const& value) {
    json message = good;
    message[json::json_pointer(pointer)] = value;
    auto const order = parse<Order>(message);
    return order ? std::string() : order.error().message;
  };
  ck_assert_says(broken("/output/width", 1e9), "output.width: 1000000000.0 is not an integer from 0 to 65,536");
  ck_assert_says(broken("/files/0/size", -1), "files[0].size: -1");
  ck_assert_says(broken("/files", 5), "files: 5 is not a list");
  ck_assert_says(broken("/parameters", "x"), "parameters");
  ck_assert_says(broken("/upload", ""), "no upload");
  ck_assert_text(broken("/renew", 1), "");  // as the nearest that is possible
  auto const list = parse<FileList>({{"files", {{{"path", "../x"}, {"size", 1}, {"sha256", "x"}, {"url", "/u"}}}}});
  ck_assert(!list.has_value());
}
END_TEST

START_TEST(the_document_has_every_member_and_no_other) {
  auto const written = documented();
  std::set<std::string> headings;
  for (auto const& shape : message_shapes()) {
    auto const heading = heading_of(shape);
    headings.insert(heading);
    auto const found = written.find(heading);
    ck_assert_msg(found != written.end(), "%s is not documented", heading.c_str());
    std::set<std::string> members;
    for (auto const& member : shape.members) {
      members.insert(member.path);
      auto const row = found->second.find(member.path);
      ck_assert_msg(row != found->second.end(), "%s: %s is not documented", heading.c_str(), member.path.c_str());
      ck_assert_text(heading + " " + member.path + ": " + row->second,
                     heading + " " + member.path + ": " + member.allowed);
    }
    for (auto const& [member, allowed] : found->second)
      ck_assert_msg(members.contains(member), "%s has no %s", heading.c_str(), member.c_str());
  }
  for (auto const& [heading, members] : written)
    ck_assert_msg(headings.contains(heading), "there is no message %s", heading.c_str());
  ck_assert_uint_gt(headings.size(), 15);
}
END_TEST

namespace {

TestGroup const messages_tests{
    "messages",
    {each_message_is_read_as_it_was_written, an_order_of_a_template_is_the_order_with_its_frame,
     no_member_of_no_message_stops_a_reader, what_is_out_of_range_counts_as_left_out_or_as_the_nearest_bound,
     texts_and_lists_are_bounded_when_read_and_when_written, what_no_message_can_do_without_is_demanded,
     an_order_with_a_wrong_member_is_not_carried_out},
    {.timeout_s = 60}};
TestGroup const document_tests{"document", {the_document_has_every_member_and_no_other}};

}  // namespace
