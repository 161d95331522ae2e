#include "config.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cmath>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/http/json_body.h"

namespace distren {

namespace {

constexpr int protocol_version = 1;
constexpr int ask_again_ms = 5000;  // when there is nothing to do

// Members that are not known are let pass: a newer slave may say more. See doc/protocol.md.
Result<nlohmann::json> read_message(Request const& request) {
  auto message = parse_json(request.body.empty() ? "{}" : std::string_view(request.body));
  if (message && !message->is_object()) {
    return fail(Errc::invalid, fmt::format("the message is {}; a JSON object is expected", shown(*message)));
  }
  return message;
}

std::string text_of(nlohmann::json const& message, char const* name) {
  auto const found = message.find(name);
  return found != message.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Reply message_reply(std::string text) {
  return text_reply(200, "application/json", std::move(text) + "\n");
}

}  // namespace

Reply handle_slave_hello(Request const& request, Context& context) {
  auto& services = context.services;
  auto const message = read_message(request);
  if (!message) return error_reply(message.error());
  if (auto const version = message->find("protocol"); version != message->end() && *version != protocol_version) {
    return error_reply(400, fmt::format("this slave speaks protocol {}, the server {}; update the older of the two",
                                        shown(*version), protocol_version));
  }
  auto const& who = *context.caller.slave;
  SlaveCapabilities state = parse_hello(*message);
  state.id = who.id;
  state.user = who.user;
  state.name = who.name;
  store::SlaveHello const hello{.os = whole_characters(text_of(*message, "os"), 200),
                                .cpu = whole_characters(text_of(*message, "cpu"), 200),
                                .cores = state.cores,
                                .memory_mib = state.memory_mib,
                                .methods = state.methods,
                                .gpus = state.gpus,
                                .address = request.address};
  if (auto const recorded = store::record_hello(context.database(), who.id, hello); !recorded) {
    return error_reply(recorded.error());
  }
  auto cancel = nlohmann::json::array();
  for (auto const& [attempt, reason] : services.dispatcher.http_hello(std::move(state))) {
    cancel.push_back({{"attempt", attempt}, {"reason", reason}});
  }
  nlohmann::json welcome{{"type", "welcome"},
                         {"protocol", protocol_version},
                         {"slave", who.id},
                         {"name", who.name},
                         {"server", "distrend " PACKAGE_VERSION},
                         {"time", services.now_ms()},
                         {"heartbeat", services.config.times.heartbeat * 1000},
                         {"cancel", cancel}};
  if (!services.config.url.empty()) welcome["url"] = services.config.url;
  if (services.config.times.telemetry > 0) welcome["telemetry"] = 1000 * services.config.times.telemetry;
  return json_reply(200, welcome);
}

Reply handle_slave_order(Request const&, Context& context) {
  auto order = context.services.dispatcher.http_order(context.caller.slave->id);
  if (order) return message_reply(std::move(*order));
  return empty_reply(204).with("Retry-After", fmt::to_string(ask_again_ms / 1000));
}

Reply handle_slave_progress(Request const& request, Context& context) {
  auto const message = read_message(request);
  if (!message) return error_reply(message.error());
  auto const attempt = message->find("attempt");
  auto const fraction = message->find("fraction");
  if (attempt == message->end() || !attempt->is_number_integer()) {
    return error_reply(400, "attempt is missing or not a whole number");
  }
  double done = fraction != message->end() && fraction->is_number() ? fraction->get<double>() : 0.0;
  done = std::isfinite(done) ? std::clamp(done, 0.0, 1.0) : 0.0;
  auto cancel = context.services.dispatcher.http_progress(context.caller.slave->id, attempt->get<std::int64_t>(), done);
  if (cancel) return message_reply(std::move(*cancel));
  return empty_reply(204);
}

Reply handle_slave_telemetry(Request const& request, Context& context) {
  auto const message = read_message(request);
  if (!message) return error_reply(message.error());
  context.services.telemetry.take(context.caller.slave->id, *message, context.services.now_ms());
  return empty_reply(204);
}

Reply handle_slave_result(Request const& request, Context& context) {
  auto const message = read_message(request);
  if (!message) return error_reply(message.error());
  auto answer = context.services.results.take_and_wait(context.caller.slave->id, *message);
  if (!answer) return error_reply(answer.error());
  return message_reply(std::move(*answer));
}

}  // namespace distren
