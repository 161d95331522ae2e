// webhooks, webhook: addresses that events are sent to, and what was sent there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/context.h"
#include "client/table.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

struct WebhookOptions {
  std::int64_t id = 0;
  std::int64_t delivery = 0;
  std::string url;
  std::vector<std::string> topics;
  bool enable = false;
  bool disable = false;
  int limit = 20;
};

std::string webhook_path(WebhookOptions const& options, std::string_view below = {}) {
  return fmt::format("/api/v1/webhooks/{}{}", options.id, below);
}

std::string webhook_name(WebhookOptions const& options) {
  return fmt::format("webhook {}", options.id);
}

std::string webhook_state(Json const& webhook) {
  if (!flag_of(webhook, "is_enabled")) {
    auto const reason = text_of(webhook, "disabled_reason");
    return reason.empty() ? "disabled" : "disabled: " + reason;
  }
  auto const failing = text_of(webhook, "failing_since");
  return failing.empty() ? "enabled" : "failing since " + ago(failing, now_ms());
}

std::string topics_text(Json const& webhook) {
  std::string out;
  for (auto const& topic : list_of(webhook, "topics"))
    if (topic.is_string()) out += (out.empty() ? "" : ",") + printable(topic.get<std::string>(), 40);
  return out;
}

Result<int> list_webhooks(Context const& context) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"WEBHOOK", Align::right}, {"ADDRESS"}, {"TOPICS"}, {"STATE"}});
  Json items = Json::array();
  auto listed = session->each_item("/api/v1/webhooks", "the webhooks", [&](Json const& webhook) {
    items.push_back(webhook);
    table.add({id_of(webhook), text_of(webhook, "url"), topics_text(webhook), webhook_state(webhook)});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "You have no webhooks.\n" : table.text());
  return exit_ok;
}

// The secret on standard output, as scripts read it; what goes with it on standard error.
int print_webhook_secret(Context const& context, Json const& webhook, std::string const& note) {
  context.print(webhook, text_of(webhook, "secret") + "\n");
  if (!context.options.json) context.note(note);
  return exit_ok;
}

Result<int> create_webhook(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto webhook =
      session->send_once("/api/v1/webhooks", Json{{"url", options.url}, {"topics", options.topics}}, "the webhook");
  if (!webhook) return webhook.error();
  return print_webhook_secret(
      context, *webhook,
      fmt::format("Webhook {} created. Its secret signs what is sent there and is not shown again.", id_of(*webhook)));
}

Result<int> edit_webhook(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  Json change = Json::object();
  if (!options.url.empty()) change["url"] = options.url;
  if (!options.topics.empty()) change["topics"] = options.topics;
  if (options.enable || options.disable) change["is_enabled"] = options.enable;
  auto webhook = session->send("PATCH", webhook_path(options), change, webhook_name(options));
  if (!webhook) return webhook.error();
  context.report(*webhook, fmt::format("Webhook {} changed: {}.\n", options.id, webhook_state(*webhook)));
  return exit_ok;
}

Result<int> delete_webhook(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto gone = session->send("DELETE", webhook_path(options), std::nullopt, webhook_name(options));
  if (!gone) return gone.error();
  context.report({{"id", options.id}, {"state", "deleted"}}, fmt::format("Webhook {} deleted.\n", options.id));
  return exit_ok;
}

Result<int> rotate_webhook(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto webhook = session->send_once(webhook_path(options, "/rotate"), Json::object(), webhook_name(options));
  if (!webhook) return webhook.error();
  return print_webhook_secret(context, *webhook, "The secret before it signs, too, for 24 hours.");
}

Result<int> test_webhook(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto delivery = session->send_once(webhook_path(options, "/test"), Json::object(), webhook_name(options));
  if (!delivery) return delivery.error();
  context.report(*delivery, fmt::format("A test is in the outbox; to see what became of it: distren webhook "
                                        "deliveries {}\n",
                                        options.id));
  return exit_ok;
}

std::string delivery_result(Json const& delivery) {
  auto text = text_of(delivery, "state");
  if (text == "given_up") text = "given up";
  if (auto const status = number_of(delivery, "response_status"); status != 0) text += fmt::format(" ({})", status);
  return text;
}

Result<int> list_deliveries(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  Table table({{"DELIVERY", Align::right}, {"EVENT"}, {"CREATED"}, {"STATE"}, {"TRIES", Align::right}, {"PROBLEM"}});
  Json items = Json::array();
  auto const path = with_query(webhook_path(options, "/deliveries"), "limit", fmt::to_string(options.limit));
  auto listed = session->each_item(path, webhook_name(options), [&](Json const& delivery) {
    items.push_back(delivery);
    table.add({id_of(delivery), text_of(delivery, "event"), ago(text_of(delivery, "created_at"), now_ms()),
               delivery_result(delivery), fmt::to_string(number_of(delivery, "try_count")),
               text_of(delivery, "problem")});
    return items.size() < static_cast<std::size_t>(options.limit);
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.empty() ? "Nothing was sent there yet.\n" : table.text());
  return exit_ok;
}

Result<int> resend_delivery(Context const& context, WebhookOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  auto delivery = session->send("POST", webhook_path(options, fmt::format("/deliveries/{}/resend", options.delivery)),
                                std::nullopt, fmt::format("delivery {}", options.delivery));
  if (!delivery) return delivery.error();
  context.report(*delivery, fmt::format("Delivery {} is in the outbox again.\n", options.delivery));
  return exit_ok;
}

}  // namespace

void add_webhook_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<WebhookOptions>();  // shared with the callbacks, which run after this returned
  auto const runs = [&context, options](CLI::App* command, auto does) {
    command->callback(
        [&context, options, does] { context.run = [&context, options, does] { return does(context, *options); }; });
  };
  auto const takes_id = [options](CLI::App* command) {
    command->add_option("WEBHOOK", options->id, "Number of the webhook")->required()->check(CLI::PositiveNumber);
    return command;
  };

  app.add_subcommand("webhooks", "List your webhooks")->callback([&context] {
    context.run = [&context] { return list_webhooks(context); };
  });
  auto* webhook = app.add_subcommand("webhook", "Create or change a webhook, or see what was sent to it");
  webhook->require_subcommand(1);
  auto* create = webhook->add_subcommand("create", "Create a webhook and print its secret once");
  create->add_option("URL", options->url, "Address that takes a POST of JSON, with https")->required();
  create
      ->add_option("--topic", options->topics,
                   "Events to send, like job.finished, or job for all of them (default job.finished, job.failed, "
                   "job.paused, slave.offline)")
      ->delimiter(',');
  runs(create, [](Context const& run, WebhookOptions given) {
    if (given.topics.empty()) given.topics = {"job.finished", "job.failed", "job.paused", "slave.offline"};
    return create_webhook(run, given);
  });
  auto* edit = takes_id(webhook->add_subcommand("edit", "Change a webhook"));
  edit->add_option("--url", options->url, "Another address");
  edit->add_option("--topic", options->topics, "All events to send, like job.finished, or job for all of them")
      ->delimiter(',');
  auto* enable = edit->add_flag("--enable", options->enable, "Send what happens from now on");
  edit->add_flag("--disable", options->disable, "Send nothing any more")->excludes(enable);
  edit->require_option(2, 5);
  runs(edit, edit_webhook);
  runs(takes_id(webhook->add_subcommand("delete", "Delete a webhook")), delete_webhook);
  runs(takes_id(webhook->add_subcommand("rotate-secret", "Replace the secret and print the new one once")),
       rotate_webhook);
  runs(takes_id(webhook->add_subcommand("test", "Send a test")), test_webhook);
  auto* deliveries = takes_id(webhook->add_subcommand("deliveries", "List what was sent to a webhook, newest first"));
  deliveries->add_option("-n,--limit", options->limit, "Maximum number of rows (default 20)")
      ->check(CLI::Range(1, 1000));
  runs(deliveries, list_deliveries);
  auto* resend = takes_id(webhook->add_subcommand("resend", "Send a delivery again"));
  resend->add_option("DELIVERY", options->delivery, "Number of the delivery")->required()->check(CLI::PositiveNumber);
  runs(resend, resend_delivery);
}

}  // namespace distren::client
