#include "server/notify/webhook.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/digest.h"
#include "common/base/json_text.h"
#include "common/http/http_client.h"

namespace distren {

namespace {

constexpr std::string_view secret_prefix = "whsec_";

// The place of what an event tells of on the pages.
std::string page_of(ServerConfig const& config, std::string_view event, nlohmann::json const& data) {
  if (config.public_url.empty()) return {};
  auto const base = config.public_url + (config.public_url.ends_with('/') ? "" : "/");
  auto const id = [&data](char const* name) {
    auto const found = data.find(name);
    return found != data.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  bool const notification = event == "notification.created";
  auto const job = event.starts_with("job.") ? id("id") : notification ? id("job_id") : 0;
  auto const slave = event.starts_with("slave.") ? id("id") : notification ? id("slave_id") : 0;
  if (job != 0) return fmt::format("{}#/jobs/{}", base, job);
  if (slave != 0) return fmt::format("{}#/slaves/{}", base, slave);
  return base + (event == "points.changed" ? "#/points" : "#/account");
}

store::WebhookOutcome outcome_of(int status) {
  if (status >= 200 && status < 300) return {.response_status = status};
  if (status == 410)
    return {
        .response_status = status, .problem = "the receiver answered 410: it wants nothing any more", .disable = true};
  return {.response_status = status,
          .problem = fmt::format("the receiver answered {}{}", status,
                                 status >= 300 && status < 400 ? ", and redirections are not followed" : "")};
}

}  // namespace

Result<void> check_webhook_url(std::string const& url, bool private_addresses) {
  if (url.size() > 1000) return fail(Errc::invalid, "the address of a webhook has at most 1,000 characters");
  auto const origin = url_origin(url);
  if (!origin) return origin.error();
  if (!private_addresses && !origin->starts_with("https://"))
    return fail(Errc::invalid, "a webhook needs https://, so that nobody reads or changes it on its way");
  return {};
}

std::string new_webhook_secret() {
  return std::string(secret_prefix) + to_base64(random_bytes(32));
}

std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp_s,
                              std::string_view body) {
  if (secret.starts_with(secret_prefix)) secret.remove_prefix(secret_prefix.size());
  auto const key = from_base64(secret).value_or("");
  return "v1," + to_base64(as_bytes(hmac_sha256(key, fmt::format("{}.{}.{}", id, timestamp_s, body))));
}

std::string webhook_signatures(store::DueWebhook const& due, std::string_view id, std::int64_t timestamp_s,
                               std::string_view body) {
  auto signatures = webhook_signature(due.secret, id, timestamp_s, body);
  if (!due.previous_secret.empty()) signatures += " " + webhook_signature(due.previous_secret, id, timestamp_s, body);
  return signatures;
}

std::string webhook_message_id(std::int64_t delivery) {
  return fmt::format("msg_{}", delivery);
}

std::string webhook_body(ServerConfig const& config, store::DueWebhook const& due) {
  auto data = nlohmann::json::parse(due.data, nullptr, false);
  if (!data.is_object()) data = nlohmann::json::object();
  auto const page = page_of(config, due.event, data);
  data["url"] = page.empty() ? nlohmann::json(nullptr) : nlohmann::json(page);
  return to_text({{"type", due.event}, {"timestamp", due.occurred_at}, {"data", std::move(data)}});
}

store::WebhookOutcome send_webhook(ServerConfig const& config, store::DueWebhook const& due, std::int64_t now_s,
                                   std::atomic<bool> const& cancelled) {
  bool const anywhere = config.webhook.private_addresses;
  if (auto const good = check_webhook_url(due.url, anywhere); !good)
    return {.problem = good.error().message, .final = true};
  HttpClient::Options options;
  options.user_agent = "distren-webhook";
  options.plain_http_anywhere = anywhere;
  options.public_only = !anywhere;
  options.whole = std::chrono::seconds(20);
  options.connect_timeout = std::chrono::milliseconds(10000);
  options.cancelled = &cancelled;
  HttpClient client(std::move(options));
  auto const id = webhook_message_id(due.id);
  HttpClient::Request request;
  request.method = "POST";
  request.url = due.url;
  request.body = webhook_body(config, due);
  request.headers = {{"Content-Type", "application/json"},
                     {"webhook-id", id},
                     {"webhook-timestamp", fmt::to_string(now_s)},
                     {"webhook-signature", webhook_signatures(due, id, now_s, request.body)}};
  request.answer_limit = 64 << 10;
  request.cut_answer = true;
  auto const answer = client.send(request);
  if (answer) return outcome_of(answer->status);
  return {.problem = answer.error().message, .final = answer.error().code != Errc::unavailable};
}

}  // namespace distren
