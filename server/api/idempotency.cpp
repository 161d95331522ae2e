#include "server/api/idempotency.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "common/base/digest.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "server/api/services.h"
#include "server/store/requests.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t max_key_length = 64;
constexpr std::string_view key_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";

// Nobody who reads the database alone can open an answer, which may hold a secret.
std::string sealing_key(Context const& context, std::string_view key) {
  auto const secret = context.services.signer.derive("idempotency", fmt::format("{}:{}", context.caller.user.id, key));
  return std::string(as_bytes(sha256(secret)));
}

std::string sealed(Reply const& reply, std::string const& key) {
  json headers = json::array();
  for (auto const& [name, value] : reply.headers) headers.push_back({name, value});
  auto const* text = std::get_if<std::string>(&reply.body);
  return seal(key, to_text(json{{"status", reply.status}, {"headers", headers}, {"body", text ? *text : ""}}));
}

std::optional<Reply> opened(std::string const& answer, std::string const& key) {
  auto const text = unseal(key, answer);
  if (!text) return std::nullopt;
  auto const kept = json::parse(*text, nullptr, false);
  if (!kept.is_object()) return std::nullopt;
  Reply reply;
  reply.status = kept.at("status").get<int>();
  for (auto const& header : kept.at("headers"))
    reply.with(header.at(0).get<std::string>(), header.at(1).get<std::string>());
  reply.body = kept.at("body").get<std::string>();
  return std::move(reply).with("Idempotency-Replayed", "true");
}

Reply lost_answer(Route const& route, Request const& request, Context& context, Router const& router,
                  std::int64_t created) {
  if (route.creates.empty()) {
    return error_reply("state_conflict",
                       fmt::format("this was done before the server was killed and created number {}, but its answer "
                                   "is lost; look at what is there before you create another with a new key",
                                   created));
  }
  auto const path = fmt::format("{}{}", route.creates, created);
  auto reply = router.show(path, request, context);
  if (reply.status != 200) return reply;
  reply.status = 201;
  return std::move(reply).with("Location", path).with("Idempotency-Replayed", "true");
}

// Ends what begin_idempotent began, also when the handler throws: then as a request that failed.
class BegunRequest {
public:
  BegunRequest(Database& database, std::int64_t user, std::string key)
      : database_(database), user_(user), key_(std::move(key)) {}
  BegunRequest(BegunRequest const&) = delete;
  ~BegunRequest() {
    if (!ended_) static_cast<void>(store::finish_idempotent(database_, user_, key_, ""));
  }
  Result<void> end(std::string const& answer) {
    ended_ = true;
    return store::finish_idempotent(database_, user_, key_, answer);
  }

private:
  Database& database_;
  std::int64_t user_;
  std::string key_;
  bool ended_ = false;
};

}  // namespace

Result<std::string> idempotency_key(Request const& request) {
  auto key = request.header("idempotency-key");
  if (key.size() >= 2 && key.front() == '"' && key.back() == '"') key = key.substr(1, key.size() - 2);
  if (key.size() <= max_key_length && key.find_first_not_of(key_characters) == std::string_view::npos)
    return std::string(key);
  return fail(Errc::invalid,
              fmt::format("Idempotency-Key: '{}' cannot be one; send 1 to {} of A-Z a-z 0-9 . _ : -, another for each "
                          "thing to be done and the same when you repeat one",
                          printable(key, 80), max_key_length));
}

Reply answer_once(Route const& route, Request const& request, Context& context, Router const& router) {
  auto const key = idempotency_key(request);
  if (!key) return error_reply(key.error());
  if (key->empty() && route.idempotency == Idempotency::required) {
    return error_reply("idempotency_key_missing",
                       "Idempotency-Key is missing; send another for each spending and the same to repeat one");
  }
  auto const user = context.caller.user.id;
  if (key->empty() || user == 0) return route.handle(request, context);

  auto& database = context.database();
  auto const digest = sha256(fmt::format("{} {}\n{}", request.method, request.path, request.body));
  auto earlier = store::begin_idempotent(database, user, *key, as_bytes(digest));
  if (!earlier) return error_reply(earlier.error());
  auto const sealing = sealing_key(context, *key);
  if (earlier->done()) {
    if (auto kept = opened(earlier->answer, sealing)) return std::move(*kept);
    if (earlier->created != 0) return lost_answer(route, request, context, router, earlier->created);
    // Sealed by a key that is gone. What moves points is answered by the ledger, what else created nothing is repeated.
    if (auto const freed = store::finish_idempotent(database, user, *key, ""); !freed)
      return error_reply(freed.error());
    earlier = store::begin_idempotent(database, user, *key, as_bytes(digest));
    if (!earlier) return error_reply(earlier.error());
  }
  BegunRequest begun(database, user, *key);
  auto reply = route.handle(request, context);
  bool const kept = reply.status < 300 && std::holds_alternative<std::string>(reply.body);
  if (auto const ended = begun.end(kept ? sealed(reply, sealing) : ""); !ended)
    spdlog::warn("the answer of request {} could not be kept: {}", request.id, ended.error().message);
  return reply;
}

}  // namespace distren
