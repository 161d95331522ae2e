// The messages between server and slaves: read as they were written, with nonsense in them, and as their document says.
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "common/protocol/announce.h"
#include "common/protocol/codec.h"
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
  order.job = 1;
  order.owner = {3, "alice"};
  order.renderer = {.method = "blender",
                    .version = "4.3.2",
                    .build = std::string(64, 'c'),
                    .archive = RendererArchive{.url = "/api/v1/files/blobs/y?signature=z",
                                               .size_bytes = 300'000'000,
                                               .unpacked_bytes = 900'000'000,
                                               .platform = "linux-x86_64",
                                               .signature = std::string(88, 's')}};
  order.parameters = {{"file", "scene.blend"}, {"samples", 64}};
  order.inputs = {{"scene.blend", std::string(64, 'a'), 52344, "/api/v1/files/blobs/x?signature=\"y\""}};
  order.urls_expire_at = "2026-01-01T00:00:00.123Z";
  order.attempts.push_back(
      {.attempt = 981,
       .task = 5,
       .frame = -5,
       .tile = OrderTile{1, 10, 1, 20},
       .lease = "5.981.7.mac",
       .outputs = {{.name = "0005.png", .format = "PNG", .width = 960, .height = 540, .max_bytes = 1000}},
       .upload = UploadPlace{std::string(tus_protocol), "/api/v1/uploads?attempt=981"}});
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
  if (shape.type == "input list") return "The answer of `inputs_url`";
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
  there_and_back(ErrorMessage{ErrorCode::slow_down, "two \"of\" you\n"});
  auto const sign_on = there_and_back(SignOn{{1, 2}, "K1", "secret", "9f2c", {"distren-slave", "0.2.0"}});
  ck_assert(sign_on.protocols.size() == 2 && sign_on.slavepassword == "secret" && sign_on.role == "slave");
  ck_assert(*there_and_back(Refused{RefusedCode::busy, "busy", 5000}).retry_ms == 5000);
  ck_assert(!there_and_back(Refused{RefusedCode::software_too_old, "old", {}, "0.2.0"}).retry_ms);
  Welcome welcome;
  welcome.slave = {7, "attic"};
  welcome.session = "dl_secret";
  welcome.base_url = "https://grid.example.org:8443";
  welcome.telemetry_ms = 60'000;
  welcome.settings = {.threads = 2, .schedule = {{"mon 08:00-09:00"}}, .paused = true};
  auto const welcomed = there_and_back(welcome);
  ck_assert(welcomed.settings == welcome.settings && welcomed.slave.name == "attic");
  Announce announce;
  announce.cores = 8;
  announce.max_orders = 8;
  announce.devices = {{"NVIDIA GeForce RTX 3060"}};
  announce.renderers = {{.method = "blender", .version = "3.4.1", .device = "optix-1a2b3c4d", .engines = {"CYCLES"}},
                        {.method = "blender", .version = "4.3.2", .build = std::string(64, 'c'), .missing = true}};
  announce.holding = {{981, "5.981.7.mac"}};
  announce.blocks = {.user_names = {"mallory"}, .project_ids = {3}, .job_ids = {17}};
  announce.effective_settings = {.threads = 4, .memory_mib = 8000, .problems = {"schedule: no"}};
  auto const told = there_and_back(announce);
  ck_assert(told.blocks == announce.blocks && told.renderers == announce.renderers);
  ck_assert(told.effective_settings->threads == 4);
  there_and_back(SettingsMessage{{.memory_mib = 4000}});
  there_and_back(
      Telemetry{.state = SlaveActivity::suspended, .load = 7.9, .temperature_celsius = -20, .on_battery = true});
  there_and_back(RendererList{.key = std::string(44, 'k'),
                              .items = {{.method = "blender",
                                         .version = "4.3.2",
                                         .build = std::string(64, 'c'),
                                         .size_bytes = 300'000'000,
                                         .unpacked_bytes = 900'000'000,
                                         .platform = "linux-x86_64",
                                         .signature = std::string(88, 's')}}});
  there_and_back(Cancel{{981, 982}, "job_ended", "job 1 was cancelled by its owner"});
  there_and_back(LogRequest{981});
  there_and_back(LogText{981, "Fra:5 Mem:9.91M\n"});
  there_and_back(Goodbye{.code = "shutting_down", .message = "m", .retry_ms = 5, .servers = {"a:4554"}});
  ck_assert(there_and_back(Progress{{{981, Phase::fetching, 0.42, 31'000}}}).items.at(0).phase == Phase::fetching);
  ResultReport result;
  result.attempt = 981;
  result.lease = "l";
  result.outcome = Outcome::done;
  result.cpu_ms = 61'200;
  result.outputs = {{"0005.png", 183'744, std::string(64, 'b'), "u1"}};
  result.warnings = {{.code = "texture_missing", .message = "no texture", .count = 3}};
  ck_assert(there_and_back(result).outputs.at(0).size_bytes == 183'744);
  result.outcome = Outcome::returned;
  result.code = ResultCode::too_long;
  ck_assert(there_and_back(result).code == ResultCode::too_long);
  ck_assert(there_and_back(accepted(981)).verdict == VerdictKind::accepted);
  there_and_back(rejected(981, VerdictCode::wrong_size, "the image is 960x270"));
  ck_assert(there_and_back(Verdict{.attempt = 981, .upload_again = true}).upload_again);
  ck_assert(there_and_back(an_order()).inputs.at(0).url == an_order().inputs.at(0).url);
}
END_TEST

START_TEST(an_order_of_a_template_is_the_order_with_its_frames) {
  Order const order = an_order();
  Order frame;
  frame.attempts = {order.attempts.at(0), order.attempts.at(0)};
  frame.attempts[1].attempt = 982;
  auto const text = write_order(order_template(order), frame);
  Order whole = order;
  whole.attempts = frame.attempts;
  ck_assert(json::parse(text) == json::parse(write(whole)));
  ck_assert(json::parse(write_order_update(order_template(order), frame)) == json::parse(write(OrderUpdate{whole})));
  auto const read = parse<Order>(json::parse(text));
  ck_assert(read.has_value());
  auto const frames = frames_of(*read);
  ck_assert_uint_eq(frames.size(), 2);
  ck_assert(frames[1].attempt == 982 && frames[1].frame == -5 && frames[1].output->name == "0005.png");
  ck_assert(frames[1].parameters["frame"] == -5 && frames[1].parameters["last-row"] == 20);
  ck_assert(frames[1].parameters["samples"] == 64 && frames[1].owner == order.owner);
  ck_assert_int_eq(frames[1].urls_expire_ms, 1'767'225'600'123);
}
END_TEST

START_TEST(a_message_that_names_a_member_twice_is_refused_at_any_depth) {
  for (char const* line : {R"({"type":"ping","type":"pong"})", R"({"type":"x","a":1,"a":1})",
                           R"({"type":"x","a":[{"b":1, "b" :2}]})", R"({"type":"x","a\"":1,"a\"":2})"}) {
    auto const incoming = parse_line(line);
    ck_assert_msg(!incoming.has_value(), "taken: %s", line);
    ck_assert_msg(incoming.error().message.find("twice") != std::string::npos, "%s", incoming.error().message.c_str());
  }
  for (char const* line : {R"({"type":"x","a":{"b":1},"c":{"b":1}})", R"({"type":"x","a":["b","b"]})",
                           R"({"type":"a: \"b\": c","b":": "})"})
    ck_assert_msg(parse_line(line).has_value(), "refused: %s", line);
}
END_TEST

START_TEST(an_answer_names_the_message_that_it_answers) {
  ck_assert_text(with_reply_to(write(Pong{}), "p1"), R"({"type":"pong","reply_to":"p1"})");
  ck_assert_text(with_reply_to(write(LogRequest{7}), "a\"b"),
                 R"({"type":"log_request","reply_to":"a\"b","attempt":7})");
  ck_assert_text(with_reply_to(write(Pong{}), ""), write(Pong{}));
  ck_assert_text(parse_line(R"({"type":"ping","id":"p1"})")->id, "p1");
  ck_assert_text(parse_line(R"({"type":"ping","id":7})")->id, "");
  ck_assert_text(parse_line(R"({"type":"ping","id":")" + std::string(65, 'x') + "\"}")->id, "");
}
END_TEST

START_TEST(no_member_of_no_message_stops_a_reader) {
  survive(ErrorMessage{ErrorCode::invalid_message, "m"});
  survive(SignOn{{1}, "K", "p", "i", {"n", "v"}, "slave", {"o"}});
  survive(Refused{RefusedCode::busy, "m", 1, "0.2.0"});
  Welcome welcome;
  welcome.session = "s";
  welcome.base_url = "u";
  welcome.telemetry_ms = 1000;
  welcome.settings = RemoteSettings{};
  survive(welcome);
  Announce announce;
  announce.disk_free_mib = 1;
  announce.max_orders = 1;
  announce.max_frame_ms = 1;
  announce.blocks.job_ids = {1};
  announce.effective_settings = {.schedule = {{}}, .problems = {"p"}};
  survive(announce);
  survive(SettingsMessage{{1, 64, 1, {{"mon 08:00-09:00"}}, true}});
  survive(Telemetry{SlaveActivity::idle, 1, 1, 1, 1, 1, 1, 1, true});
  survive(an_order());
  survive(OrderUpdate{an_order()});
  survive(Refresh{1, "l"});
  survive(Cancel{{1}, "c", "r"});
  survive(Goodbye{.code = "c", .message = "m", .retry_ms = 1, .servers = {"s"}});
  survive(LogText{1, "t"});
  survive(Progress{{{1, Phase::queued, 0.5, 1}}});
  ResultReport result{.attempt = 1,
                      .lease = "l",
                      .outcome = Outcome::failed,
                      .code = ResultCode::too_long,
                      .message = "m",
                      .cpu_ms = 1,
                      .wall_ms = 1,
                      .peak_memory_mib = 1,
                      .log = "l"};
  result.outputs = {{"n", 1, "s", "u"}};
  result.warnings = {{.message = "w"}};
  survive(result);
  survive(rejected(1, VerdictCode::superseded, "r"));
}
END_TEST

START_TEST(what_is_out_of_range_counts_as_left_out_or_as_the_nearest_bound) {
  auto const announce =
      read<Announce>({{"cores", 4097}, {"slots", 8.0}, {"max_orders", 8.5}, {"memory_mib", "all"}, {"cpu", 5}});
  ck_assert(announce.message.cores == 0 && announce.message.slots == 8 && announce.message.max_orders == 0);
  ck_assert(announce.message.memory_mib == 0 && announce.message.cpu.empty());
  ck_assert_uint_eq(announce.problems.size(), 4);
  auto const welcome = read<Welcome>({{"heartbeat_ms", 5}, {"telemetry_ms", 1e300}}).message;
  ck_assert(welcome.heartbeat_ms == 1000 && welcome.telemetry_ms == 3'600'000);
  auto const progress =
      read<Progress>({{"items", {{{"attempt", 1}, {"fraction", 1.5}, {"phase", "dreaming"}}}}}).message;
  ck_assert(progress.items.at(0).fraction == 1 && progress.items.at(0).phase == Phase::rendering);
  ck_assert(read<ResultReport>({{"attempt", UINT64_MAX}, {"cpu_ms", -5}, {"wall_ms", 0.5}}).message.attempt == 0);
  ck_assert(read<ResultReport>({{"attempt", std::int64_t{1} << 53}}).message.attempt == 0);
  ck_assert(read<Verdict>({{"attempt", 1}, {"verdict", "perhaps"}}).message.verdict == VerdictKind::retry);
  auto const settings =
      read<SettingsMessage>({{"requested", {{"threads", 0}, {"paused", 1}, {"schedule", {"mon", 5}}}}});
  ck_assert(settings.message.requested == RemoteSettings{});
  ck_assert_text(settings.problems.at(0), "requested.threads: 0 is not an integer from 1 to 1,024");
  ck_assert_says(settings.problems.at(1), "schedule: a list is not a list of at most 50: a text of at most 60 bytes");
  ck_assert_text(settings.problems.at(2), "requested.paused: 1 is not true or false");
}
END_TEST

START_TEST(texts_and_lists_are_bounded_when_read_and_when_written) {
  ck_assert_uint_eq(read<Announce>({{"os", std::string(300, 'x')}}).message.os.size(), 200);
  ck_assert(read<ResultReport>({{"lease", std::string(600, 'x')}}).message.lease.empty());  // a part of one is none
  json many;
  for (int i = 1; i <= 5000; ++i) many["holding"].push_back({{"attempt", i}, {"lease", "l"}});
  ck_assert_uint_eq(read<Announce>(many).message.holding.size(), 1000);
  LogText const log{1, std::string(20'000, 'x') + "\nlast\n"};
  ck_assert_text(read<LogText>(json::parse(write(log))).message.text, "last\n");  // the end, in whole lines
  std::string const accents = "x" + std::string(1000, 'a') + "\xc3\xa4";
  auto const answer = rejected(1, VerdictCode::undecodable, accents);
  ck_assert_text(read<Verdict>(json::parse(write(answer))).message.message, accents.substr(0, 1000));
  ResultReport result;
  result.attempt = 1;
  result.outcome = Outcome::failed;
  result.message = "x\xff y" + std::string(2000, '\n');
  result.log = std::string(20'000, '\1');
  result.warnings = std::vector<RenderWarning>(40, {.message = std::string(2000, '\1')});
  auto const line = write_line(result);
  ck_assert_uint_le(line.size(), max_line_bytes);
  ck_assert_text(json::parse(line)["type"], "result");
  ck_assert(json::parse(line)["warnings"].size() > 0 && !json::parse(line).contains("log"));  // the log goes first
  result.warnings.clear();
  result.log = "short";
  ck_assert_text(json::parse(write_line(result))["log"], "short");
}
END_TEST

START_TEST(what_no_message_can_do_without_is_demanded) {
  ck_assert_says(parse<Progress>({{"items", {json::object()}}}).error().message, "attempt is missing");
  ck_assert_says(parse<LogText>({{"attempt", "1"}}).error().message, "attempt is missing");
  ck_assert_says(parse<ResultReport>({{"attempt", 1}, {"outcome", "lost"}}).error().message, "done, failed, returned");
  json result{{"attempt", 1}, {"outcome", "done"}, {"outputs", {{{"sha256", std::string(64, 'A')}}}}};
  ck_assert_says(parse<ResultReport>(result).error().message, "sha256");
  result["outputs"][0]["sha256"] = std::string(64, 'a');
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
  ck_assert_says(broken("/attempts/0/outputs/0/width", 1e9),
                 "attempts[0].outputs[0].width: 1000000000.0 is not an integer from 0 to 65,536");
  ck_assert_says(broken("/inputs/0/size_bytes", -1), "inputs[0].size_bytes: -1");
  ck_assert_says(broken("/inputs", 5), "inputs: 5 is not a list");
  ck_assert_says(broken("/parameters", "x"), "parameters");
  ck_assert_says(broken("/attempts/0/upload/url", ""), "no upload");
  ck_assert_says(broken("/attempts/0/upload/protocol", "s3"), "tus-1.0");
  ck_assert_says(broken("/attempts", json::array()), "attempts is missing");
  ck_assert_says(broken("/kind", "dream"), "kind");
  ck_assert_text(broken("/lease_ms", 1), "");  // as the nearest that is possible
  auto const list =
      parse<InputList>({{"inputs", {{{"path", "../x"}, {"size_bytes", 1}, {"sha256", "x"}, {"url", "/u"}}}}});
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
    {each_message_is_read_as_it_was_written, an_order_of_a_template_is_the_order_with_its_frames,
     an_answer_names_the_message_that_it_answers, no_member_of_no_message_stops_a_reader,
     what_is_out_of_range_counts_as_left_out_or_as_the_nearest_bound,
     texts_and_lists_are_bounded_when_read_and_when_written, what_no_message_can_do_without_is_demanded,
     an_order_with_a_wrong_member_is_not_carried_out},
    {.timeout_s = 60}};
TestGroup const document_tests{"document", {the_document_has_every_member_and_no_other}};

}  // namespace
