// The messages of slaves over HTTPS: the same as on the line (doc/protocol.md).
#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/protocol/codec.h"
#include "common/protocol/hello.h"
#include "common/protocol/result.h"
#include "common/protocol/telemetry.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/slave_events.h"
#include "server/slaves/sign_on.h"

namespace distren {

namespace {

constexpr int ask_again_ms = 5000;  // when there is nothing to do

// Unknown members are ignored: a newer slave may send more. See doc/protocol.md.
Result<nlohmann::json> read_body(Request const& request) {
  auto message = parse_json(request.body.empty() ? "{}" : std::string_view(request.body));
  if (message && !message->is_object()) {
    return fail(Errc::invalid, fmt::format("the message is {}; a JSON object is expected", shown(*message)));
  }
  return message;
}

template <typename Message>
Result<Message> parse_body(Request const& request) {
  auto const message = read_body(request);
  if (!message) return message.error();
  return protocol::parse<Message>(*message);
}

Reply message_reply(std::string text) {
  return text_reply(200, "application/json", std::move(text) + "\n");
}

}  // namespace

Reply handle_receive_hello(Request const& request, Context& context) {
  auto& services = context.services;
  auto const message = parse_body<protocol::Hello>(request);
  if (!message) return error_reply(message.error());
  if (auto const good = check_protocol_version(message->protocol.value_or(protocol::version)); !good)
    return error_reply(good.error());
  auto const& slave = *context.caller.slave;
  auto const cancelled =
      services.dispatcher.ask([capabilities = capabilities_of(slave, *message)](DispatchCore& core, std::int64_t now) {
        return hello_over_https(core, capabilities, now);
      });
  if (!cancelled) return error_reply(cancelled.error());
  if (auto const recorded =
          store::record_hello(context.database(), slave.id, recorded_hello(*message, request.address));
      !recorded) {
    return error_reply(recorded.error());
  }
  auto const& times = services.config.times;
  auto welcome = welcome_for(slave,
                             {.files_url = services.config.public_url,
                              .heartbeat_ms = std::int64_t{1000} * times.heartbeat_seconds,
                              .telemetry_interval_ms = std::int64_t{1000} * times.telemetry_seconds},
                             services.now_ms());
  for (auto const& [attempt, reason] : *cancelled) welcome.cancelled_attempts.push_back({attempt, reason});
  return message_reply(protocol::write(welcome));
}

Reply handle_give_order(Request const&, Context& context) {
  auto order =
      context.services.dispatcher.ask([slave = context.caller.slave->id](DispatchCore& core, std::int64_t now) {
        return fetch_order(core, slave, now);
      });
  if (order) return message_reply(std::move(*order));
  return empty_reply(204).with("Retry-After", fmt::to_string(ask_again_ms / 1000));
}

Reply handle_receive_progress(Request const& request, Context& context) {
  auto const message = parse_body<protocol::Progress>(request);
  if (!message) return error_reply(message.error());
  auto cancel = context.services.dispatcher.ask([&](DispatchCore& core, std::int64_t now) {
    return report_progress(core, context.caller.slave->id, message->attempt, message->fraction, now);
  });
  if (cancel) return message_reply(std::move(*cancel));
  return empty_reply(204);
}

Reply handle_receive_telemetry(Request const& request, Context& context) {
  auto const message = parse_body<protocol::Telemetry>(request);
  if (!message) return error_reply(message.error());
  context.services.telemetry.take(context.caller.slave->id, *message, context.services.now_ms());
  return empty_reply(204);
}

Reply handle_receive_result(Request const& request, Context& context) {
  auto message = parse_body<protocol::ResultReport>(request);
  if (!message) return error_reply(message.error());
  auto answer = context.services.results.receive_and_wait(context.caller.slave->id, std::move(*message));
  if (!answer) return error_reply(answer.error());
  return message_reply(std::move(*answer));
}

}  // namespace distren
