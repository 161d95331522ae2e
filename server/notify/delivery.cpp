#include "server/notify/delivery.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/digest.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/http/http_client.h"

namespace distren {

namespace {

// Its place on the pages; empty when no public URL is configured.
std::string link_of(ServerConfig const& config, store::Delivery const& delivery) {
  if (config.public_url.empty()) return {};
  auto const base = config.public_url + (config.public_url.ends_with('/') ? "" : "/");
  if (delivery.job != 0) return fmt::format("{}#/jobs/{}", base, delivery.job);
  if (delivery.slave != 0) return fmt::format("{}#/slaves/{}", base, delivery.slave);
  return base + (delivery.kind == "points" ? "#/points" : "#/account");
}

Result<void> send_webhook(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery,
                          std::int64_t now_s, std::atomic<bool> const& cancelled) {
  if (!config.webhook.enabled) return fail(Errc::denied, "this grid sends no webhooks");
  if (delivery.webhook.empty()) return fail(Errc::invalid, "no webhook is set");
  bool const anywhere = config.webhook.private_addresses;
  if (auto good = check_webhook(delivery.webhook, anywhere); !good) return good;
  HttpClient::Options options;
  options.user_agent = "distren-webhook";
  options.plain_http_anywhere = anywhere;
  options.public_only = !anywhere;
  options.whole = std::chrono::seconds(20);
  options.connect_timeout = std::chrono::milliseconds(10000);
  options.cancelled = &cancelled;
  HttpClient client(std::move(options));
  HttpClient::Request request;
  request.method = "POST";
  request.url = delivery.webhook;
  request.body = webhook_body(config, grid, delivery);
  request.headers = {{"Content-Type", "application/json"},
                     {"X-DistRen-Delivery", fmt::to_string(delivery.id)},
                     {"X-DistRen-Timestamp", fmt::to_string(now_s)},
                     {"X-DistRen-Signature", webhook_signature(delivery.secret, now_s, request.body)}};
  request.answer_limit = 64 << 10;
  auto const answer = client.send(request);
  if (!answer) return answer.error();
  if (answer->ok()) return {};
  // 408 and 429 are temporary; every other 4xx and a redirection are permanent.
  bool const for_good = answer->status >= 300 && answer->status < 500 && answer->status != 408 && answer->status != 429;
  return fail(for_good ? Errc::invalid : Errc::unavailable, fmt::format("the webhook answered {}", answer->status));
}

}  // namespace

Result<void> check_webhook(std::string const& url, bool private_addresses) {
  if (url.size() > 1000) return fail(Errc::invalid, "the address of a webhook has at most 1,000 characters");
  auto const origin = url_origin(url);
  if (!origin) return origin.error();
  if (!private_addresses && !origin->starts_with("https://"))
    return fail(Errc::invalid, "a webhook needs https://, so that nobody reads or changes it on its way");
  return {};
}

Mail notification_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery) {
  auto const link = link_of(config, delivery);
  return {
      .from = config.mail.from,
      .from_name = std::string(grid),
      .to = delivery.email,
      .subject = delivery.message.size() > 120 ? std::string(grid) + ": news" : delivery.message,
      .body = fmt::format("Hello {},\n\n{}.\n{}\nYou get this because you asked for it on the account page of {}.\n",
                          delivery.user_name, delivery.message, link.empty() ? "" : "\n" + link + "\n", grid),
      .id = fmt::format("distren-{}-{}", delivery.id, delivery.created_s),
      .date_s = delivery.created_s};
}

Mail confirmation_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery) {
  auto mail = notification_mail(config, grid, delivery);
  auto const base = config.public_url + (config.public_url.ends_with('/') ? "" : "/");
  mail.subject = fmt::format("{} is your code for {}", delivery.code, grid);
  mail.body = fmt::format(
      "Hello,\n\nsomebody, hopefully you, wants news of {} sent to this address. The code that confirms it is\n\n"
      "    {}\n{}\nIt holds for two hours. If it was not you, do nothing: nothing else is sent here.\n",
      grid, delivery.code, config.public_url.empty() ? "" : fmt::format("\nGive it here: {}#/account\n", base));
  return mail;
}

Mail reset_mail(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery) {
  auto mail = notification_mail(config, grid, delivery);
  auto const base = config.public_url + (config.public_url.ends_with('/') ? "" : "/");
  mail.subject = fmt::format("A new password for {}", grid);
  mail.body = fmt::format(
      "Hello {0},\n\nsomebody, hopefully you, wants to set a new password for your account at {1}. Do it here:\n\n"
      "    {2}#/reset/{3}\n\nThe link holds for an hour and works once. If it was not you, do nothing: your password "
      "stays as it is.\n",
      delivery.user_name, grid, base, delivery.code);
  return mail;
}

std::string webhook_body(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery) {
  auto const number = [](std::int64_t id) { return id == 0 ? nlohmann::json(nullptr) : nlohmann::json(id); };
  auto const link = link_of(config, delivery);
  return to_text({{"id", delivery.id},
                  {"grid_name", grid},
                  {"kind", delivery.kind},
                  {"message", delivery.message},
                  {"user_name", delivery.user_name},
                  {"job_id", number(delivery.job)},
                  {"slave_id", number(delivery.slave)},
                  {"created_at", iso_time(delivery.created_s * 1000)},
                  {"url", link.empty() ? nlohmann::json(nullptr) : nlohmann::json(link)}});
}

std::string webhook_signature(std::string_view secret, std::int64_t timestamp_s, std::string_view body) {
  return "sha256=" + to_hex(hmac_sha256(secret, fmt::format("{}.{}", timestamp_s, body)));
}

Result<void> deliver(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery,
                     std::int64_t now_s, std::atomic<bool> const& cancelled) {
  if (delivery.channel == "webhook") return send_webhook(config, grid, delivery, now_s, cancelled);
  if (config.mail.server.empty()) return fail(Errc::denied, "this grid sends no e-mail: mail.server is not set");
  if (delivery.email.empty()) return fail(Errc::invalid, "no confirmed e-mail address is set");
  bool const reset = delivery.kind == "reset";
  if (reset && delivery.code.empty()) return fail(Errc::invalid, "the link has expired");
  if (reset && config.public_url.empty()) return fail(Errc::denied, "public_url is not set");
  auto const mail = reset                   ? reset_mail(config, grid, delivery)
                    : delivery.code.empty() ? notification_mail(config, grid, delivery)
                                            : confirmation_mail(config, grid, delivery);
  return send_mail({.url = config.mail.server,
                    .user = config.mail.user,
                    .password = config.mail.password,
                    .tls_required = config.mail.tls == "required"},
                   mail, &cancelled);
}

}  // namespace distren
