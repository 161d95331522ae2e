#include "server/notify/delivery.h"

#include <fmt/format.h>

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

}  // namespace

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

Result<void> deliver(ServerConfig const& config, std::string_view grid, store::Delivery const& delivery,
                     std::atomic<bool> const& cancelled) {
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
