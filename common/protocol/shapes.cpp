#include "common/protocol/shapes.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/protocol/announce.h"
#include "common/protocol/expectations.h"
#include "common/protocol/json_reader.h"
#include "common/protocol/order.h"
#include "common/protocol/result.h"
#include "common/protocol/telemetry.h"

namespace distren::protocol {

namespace {

class ShapeVisitor {
public:
  ShapeVisitor(std::vector<MemberShape>& out, std::string prefix) : out_(out), prefix_(std::move(prefix)) {}

  void integer(std::string_view name, auto const&, IntegerRange range, Written = {}) { add(name, expectation(range)); }
  void number(std::string_view name, auto const&, NumberRange range) { add(name, expectation(range)); }
  void text(std::string_view name, auto const&, TextLimit limit, Written = {}) { add(name, expectation(limit)); }
  void flag(std::string_view name, auto const&) { add(name, std::string(flag_expectation)); }
  void mark(std::string_view name, bool) { add(name, std::string(flag_expectation)); }
  template <typename Choice, std::size_t count>
  void choice(std::string_view name, auto const&, ChoiceName<Choice> const (&choices)[count]) {
    add(name, expectation(choices));
  }
  void texts(std::string_view name, auto const&, std::size_t max, TextLimit limit, Written = {}) {
    add(name, list_expectation(max, expectation(limit)));
  }
  void lines(std::string_view name, auto const& values, std::size_t max, TextLimit limit) {
    texts(name, values, max, limit);
  }
  void integers(std::string_view name, auto const&, std::size_t max, IntegerRange range) {
    add(name, list_expectation(max, expectation(range)));
  }
  template <typename Value>
  void object(std::string_view name, Value const&, Written = {}) {
    add(name, "an object");
    inner<typename Inner<Value>::type>(fmt::format("{}{}.", prefix_, name));
  }
  template <typename Value>
  void objects(std::string_view name, std::vector<Value> const&, std::size_t max, Written = {}) {
    add(name, list_expectation(max, "objects"));
    inner<Value>(fmt::format("{}{}[].", prefix_, name));
  }
  void open_object(std::string_view name, auto const&) { add(name, "an object"); }

private:
  void add(std::string_view name, std::string allowed) {
    out_.push_back({fmt::format("{}{}", prefix_, name), std::move(allowed)});
  }
  template <typename Value>
  void inner(std::string prefix) {
    ShapeVisitor visitor(out_, std::move(prefix));
    Value const value{};
    members(visitor, value);
  }

  std::vector<MemberShape>& out_;
  std::string prefix_;
};

template <typename Message>
std::vector<MemberShape> members_of() {
  std::vector<MemberShape> out;
  ShapeVisitor visitor(out, "");
  Message const message{};
  members(visitor, message);
  return out;
}

template <typename Message>
MessageShape shape_of(std::string_view from) {
  return {std::string(Message::type), from, members_of<Message>()};
}

}  // namespace

std::vector<MessageShape> message_shapes() {
  return {shape_of<SignOn>("slave"),
          shape_of<Welcome>("server"),
          shape_of<Refused>("server"),
          shape_of<Announce>("slave"),
          shape_of<SettingsMessage>("server"),
          shape_of<Telemetry>("slave"),
          shape_of<RendererList>("server"),
          shape_of<Order>("server"),
          shape_of<Refresh>("slave"),
          {std::string(OrderUpdate::type), "server", {}},  // those of an order
          {"input list", "server", members_of<InputList>()},
          shape_of<Cancel>("server"),
          shape_of<Progress>("slave"),
          shape_of<ResultReport>("slave"),
          shape_of<Verdict>("server"),
          shape_of<LogRequest>("server"),
          shape_of<LogText>("slave"),
          shape_of<Ping>("both"),
          shape_of<Pong>("both"),
          shape_of<Goodbye>("server"),
          shape_of<ErrorMessage>("both")};
}

std::vector<std::string> remote_setting_names() {
  std::vector<std::string> names;
  for (auto const& member : members_of<RemoteSettings>()) names.push_back(member.path);
  return names;
}

}  // namespace distren::protocol
