// The messages of slaves over HTTPS: the same as on the line (doc/protocol.md), some in each request.
#include <fmt/format.h>

#include "common/base/json_body.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/protocol/codec.h"
#include "common/protocol/limits.h"
#include "server/api/caller.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/slaves/https_sessions.h"

namespace distren {

namespace {

constexpr std::int64_t longest_wait_ms = 30'000;

Result<std::vector<protocol::Incoming>> read_messages(Request const& request) {
  auto const body = parse_json(request.body);
  if (!body) return body.error();
  auto const messages = body->is_object() ? body->find("messages") : body->end();
  if (!body->is_object() || messages == body->end() || !messages->is_array() ||
      messages->size() > HttpsSessions::max_messages)
    return fail(Errc::invalid,
                fmt::format("the body is {{\"messages\": [...]}} with at most {}", HttpsSessions::max_messages));
  std::vector<protocol::Incoming> out;
  for (auto const& each : *messages) {
    auto const text = to_text(each);
    auto incoming = text.size() > protocol::max_line_bytes ? Result<protocol::Incoming>(fail(Errc::invalid, "too long"))
                                                           : protocol::parse_line(text);
    out.push_back(incoming ? std::move(*incoming) : protocol::Incoming{});  // without a type: answered as unusable
  }
  return out;
}

}  // namespace

Reply handle_exchange_messages(Request const& request, Context& context) {
  auto const wait = whole_number(request.parameter("wait_ms").value_or("0"), 0, longest_wait_ms);
  if (!wait) return error_reply(400, fmt::format("wait_ms is a number from 0 to {}", longest_wait_ms));
  auto const messages = read_messages(request);
  if (!messages) return error_reply(messages.error());
  auto answer =
      context.services.slave_sessions.exchange(context.database(), request.address, std::string(bearer_token(request)),
                                               *messages, std::chrono::milliseconds(*wait));
  if (!answer && answer.error().code == Errc::denied)
    return error_reply("session_ended", answer.error().message).with("WWW-Authenticate", "Bearer");
  if (!answer) return error_reply(answer.error());
  return std::move(*answer);
}

// Version 0.1 said its messages there, one a request.
Reply handle_reject_old_slave(Request const&, Context&) {
  return error_reply("client_too_old",
                     fmt::format("this slave, of version 0.1, is too old for this grid, which needs version {} or "
                                 "later; upgrade the slave's package",
                                 min_slave_version));
}

}  // namespace distren
