#include "common/protocol/codec.h"

#include <algorithm>

#include "common/base/json_depth.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/protocol/announce.h"
#include "common/protocol/json_reader.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "common/protocol/telemetry.h"
#include "common/protocol/text_writer.h"

namespace distren::protocol {

namespace {

constexpr std::size_t max_shown = 60;  // bytes

// Of these a member that is wrong is not passed over: work is done by them.
template <typename Message>
constexpr bool strict =
    std::is_same_v<Message, Order> || std::is_same_v<Message, OrderUpdate> || std::is_same_v<Message, InputList>;

}  // namespace

std::string shown(nlohmann::json const& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string() && value.get_ref<std::string const&>().size() > max_shown)
    return shown(whole_characters(value.get_ref<std::string const&>(), max_shown)) + "...";
  return printable(to_text(value), 6 * max_shown);
}

void append_text(std::string& out, std::string_view text) {
  bool const plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127 && c != '"' && c != '\\'; });
  if (plain) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += to_text(nlohmann::json(text));
  }
}

Result<Incoming> parse_line(std::string_view line) {
  Incoming incoming;
  std::vector<std::string> problems;
  incoming.message = parse_shallow_json(line);
  if (incoming.message.is_object()) {
    if (names_member_twice(line, incoming.message)) return fail(Errc::invalid, "the message names a member twice");
    auto const type = incoming.message.find("type");
    if (type != incoming.message.end() && type->is_string()) incoming.type = type->get<std::string>();
    JsonReader reader(incoming.message, problems);
    reader.text("id", incoming.id, limits::message_ids);
  }
  if (incoming.type.empty()) return fail(Errc::invalid, R"(a message is one JSON object with a "type", on one line)");
  return incoming;
}

std::string with_reply_to(std::string message, std::string_view id) {
  if (id.empty()) return message;
  std::string member = R"(,"reply_to":)";
  append_text(member, id);
  message.insert(message.find_first_of(",}"), member);  // behind the type
  return message;
}

template <typename Message>
Reading<Message> read(nlohmann::json const& message) {
  Reading<Message> reading;
  JsonReader reader(message, reading.problems);
  members(reader, reading.message);
  return reading;
}

template <typename Message>
Result<Message> parse(nlohmann::json const& message) {
  auto reading = read<Message>(message);
  if (strict<Message> && !reading.problems.empty())
    return fail(Errc::invalid, "the order cannot be used: " + reading.problems.front());
  if constexpr (requires { check(reading.message); }) {
    if (auto const good = check(reading.message); !good) return good.error();
  }
  return std::move(reading.message);
}

template <typename Message>
std::string write_members(Message const& message) {
  std::string out = "{";
  TextWriter writer(out, true);
  members(writer, message);
  out += '}';
  return out;
}

template <typename Message>
std::string write(Message const& message) {
  std::string out = R"({"type":")";
  out += Message::type;
  out += '"';
  TextWriter writer(out, false);
  members(writer, message);
  out += '}';
  return out;
}

// clang-format off
#define DISTREN_MESSAGE(Message)                                 \
  template Reading<Message> read(nlohmann::json const& message); \
  template Result<Message> parse(nlohmann::json const& message); \
  template std::string write(Message const& message);
// clang-format on

DISTREN_MESSAGE(Ping)
DISTREN_MESSAGE(Pong)
DISTREN_MESSAGE(ErrorMessage)
DISTREN_MESSAGE(SignOn)
DISTREN_MESSAGE(Refused)
DISTREN_MESSAGE(Welcome)
DISTREN_MESSAGE(Announce)
DISTREN_MESSAGE(SettingsMessage)
DISTREN_MESSAGE(RendererList)
DISTREN_MESSAGE(Order)
DISTREN_MESSAGE(Refresh)
DISTREN_MESSAGE(OrderUpdate)
DISTREN_MESSAGE(Cancel)
DISTREN_MESSAGE(Goodbye)
DISTREN_MESSAGE(Progress)
DISTREN_MESSAGE(LogRequest)
DISTREN_MESSAGE(LogText)
DISTREN_MESSAGE(ResultReport)
DISTREN_MESSAGE(Verdict)
DISTREN_MESSAGE(Telemetry)

template Reading<InputList> read(nlohmann::json const& message);
template Result<InputList> parse(nlohmann::json const& message);
template std::string write_members(InputList const& message);
template Reading<RemoteSettings> read(nlohmann::json const& message);
template std::string write_members(RemoteSettings const& message);
template std::string write_members(EffectiveSettings const& message);
template Reading<Blocks> read(nlohmann::json const& message);
template std::string write_members(Blocks const& message);

}  // namespace distren::protocol
