#include "config.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/dispatch/status.h"
#include "server/http/file_reply.h"
#include "server/http/problem.h"
#include "server/net/listen_address.h"
#include "server/storage/blob_store.h"

namespace distren {

namespace {

void metric(std::string& text, std::string_view name, std::string_view type, std::string_view help,
            std::initializer_list<std::pair<std::string, double>> values) {
  text += fmt::format("# HELP distren_{0} {1}\n# TYPE distren_{0} {2}\n", name, help, type);
  for (auto const& [labels, value] : values) text += fmt::format("distren_{}{} {}\n", name, labels, value);
}

// What programs of other versions need to have at least: the API and the line have had their words since.
constexpr std::string_view oldest_program = "0.2.0";

// Where slaves connect; 0 when they cannot.
int line_port(std::string const& listen) {
  if (listen.empty()) return 0;
  auto const address = parse_listen_address(listen);
  return address ? address->port : 0;
}

}  // namespace

Reply handle_show_grid(Request const&, Context& context) {
  auto& services = context.services;
  auto const totals = store::show_totals(context.database());
  if (!totals) return error_reply(totals.error());
  auto const live = grid_status(services.dispatcher);
  auto const settings = services.runtime.now();
  return json_reply(200,
                    {{"name", settings.name},
                     {"server_version", PACKAGE_VERSION},
                     {"api_versions", {"v1"}},
                     {"line_protocols", {1}},
                     {"min_versions", {{"client", oldest_program}, {"slave", min_slave_version}, {"addon", nullptr}}},
                     {"sent_at", iso_time(services.now_ms())},
                     {"slaves", {{"online", live.slaves_online}, {"total", totals->slaves}}},
                     {"jobs", {{"active", totals->active_jobs}}},
                     {"frames",
                      {{"ready", live.tasks_ready},
                       {"assigned", live.phases.assigned},
                       {"rendering", live.phases.rendering},
                       {"checking", live.phases.checking},
                       {"finished", totals->accepted_frames},
                       {"finished_last_hour", totals->frames_an_hour}}},
                     {"power_online", decimal(live.power)},
                     {"public_url", text_or_null(services.config.public_url)},
                     {"renderer_key", services.renderer_key.public_key()},
                     {"line_port", line_port(services.config.listen.line)},
                     {"user_count", totals->people},
                     {"registration", settings.registration}});
}

Reply handle_show_openapi(Request const& request, Context& context) {
  return file_reply(request, {.path = context.services.config.openapi,
                              .content_type = "application/yaml",
                              .tag = {},
                              .download_name = {},
                              .cache_control = "no-cache"});
}

Reply handle_show_metrics(Request const&, Context& context) {
  auto& services = context.services;
  auto const live = grid_status(services.dispatcher);
  auto const& counters = services.counters;
  auto const answered = [&counters](int status_class) {
    return std::pair{fmt::format("{{class=\"{}xx\"}}", status_class),
                     static_cast<double>(counters.by_class[static_cast<std::size_t>(status_class)].load())};
  };
  std::string text;
  metric(text, "slaves_online", "gauge", "Slaves that are connected or asked lately.",
         {{"", static_cast<double>(live.slaves_online)}});
  metric(text, "jobs_active", "gauge", "Jobs that may be worked on.", {{"", static_cast<double>(live.jobs_active)}});
  metric(text, "tasks", "gauge", "Frames by what the dispatcher does with them.",
         {{"{state=\"ready\"}", static_cast<double>(live.tasks_ready)},
          {"{state=\"leased\"}", static_cast<double>(live.tasks_leased)}});
  metric(text, "dispatcher_messages_total", "counter", "Questions and changes that the dispatcher has handled.",
         {{"", static_cast<double>(services.dispatcher.handled())}});
  metric(text, "http_replies_total", "counter", "Replies by class of status.",
         {answered(1), answered(2), answered(3), answered(4), answered(5)});
  metric(text, "http_turned_away_total", "counter", "Requests answered 503 because the queue was full.",
         {{"", static_cast<double>(counters.rejected.load())}});
  if (auto const space = free_bytes(services.config.stor)) {
    metric(text, "stor_free_bytes", "gauge", "Room left on the disk of stor/.", {{"", static_cast<double>(*space)}});
  }
  return text_reply(200, "text/plain; version=0.0.4; charset=utf-8", std::move(text));
}

// The process lives; a supervisor that restarts it heals nothing else.
Reply handle_show_liveness(Request const&, Context&) {
  return text_reply(200, "text/plain; charset=utf-8", "ok\n");
}

// Whether a request that needs all parts would be served, for balancers.
Reply handle_show_readiness(Request const&, Context& context) {
  auto& services = context.services;
  bool const database = context.database().ping().has_value();
  auto const space = free_bytes(services.config.stor);
  bool const store = space && static_cast<std::int64_t>(*space) >= services.config.limits.min_free_bytes;
  bool const journal = !services.dispatcher.journal_status().away;
  if (database && store && journal) return json_reply(200, {{"database", true}, {"store", true}, {"dispatcher", true}});
  return busy_reply("not_ready",
                    fmt::format("not ready: database {}, store {}, dispatcher {}", database ? "ok" : "unavailable",
                                store ? "ok" : "full or unreadable", journal ? "ok" : "waits for the database"),
                    5000);
}

// The page that the type of a problem leads to.
Reply handle_show_problem(Request const&, Context& context) {
  auto const code = context.value("code");
  auto const& kind = problem_kind(code);
  if (kind.code != code) return error_reply(404, fmt::format("there is no problem '{}'", printable(code, 60)));
  return text_reply(200, "text/html; charset=utf-8",
                    fmt::format("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{0}</title>\n"
                                "<h1>{0}</h1>\n<p>{1}</p>\n<p><code>{2}</code>, HTTP status {3}</p>\n</html>\n",
                                kind.title, kind.remedy, kind.code, kind.status));
}

Reply handle_page(Request const& request, Context& context) {
  std::string const name = request.path == "/" ? "index.html" : request.path.substr(1);
  // parse_target has refused "..", and file_reply opens neither folders nor links.
  if (!check_relative_path(name) || name.front() == '.' || name.find("/.") != std::string::npos) {
    return error_reply(404, "there is no such page here");
  }
  return file_reply(request, {.path = context.services.config.htdocs / name,
                              .content_type = std::string(content_type_of(name)),
                              .tag = {},
                              .download_name = {},
                              .cache_control = "no-cache",
                              .precompressed = true});
}

}  // namespace distren
