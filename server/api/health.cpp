// Is the server well: disk, database, journal, workers, and what a new grid still lacks. For administrators.
#include "config.h"

#include <filesystem>
#include <system_error>

#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"
#include "server/database/migrate.h"
#include "server/dispatch/statuses.h"
#include "server/net/listen_address.h"
#include "server/storage/blob_store.h"
#include "server/store/administration.h"
#include "server/store/jobs.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t tables_shown = 8;

json stor_to_json(ServerConfig const& config) {
  std::error_code problem;
  auto const space = std::filesystem::space(config.stor, problem);
  if (problem)
    return {{"free_bytes", nullptr}, {"total_bytes", nullptr}, {"min_free_bytes", config.limits.min_free_bytes}};
  return {{"free_bytes", space.available},
          {"total_bytes", space.capacity},
          {"min_free_bytes", config.limits.min_free_bytes}};
}

json database_to_json(std::vector<store::TableSize> const& tables) {
  std::int64_t bytes = 0;
  auto largest = json::array();
  for (auto const& table : tables) {
    bytes += table.bytes;
    if (largest.size() < tables_shown)
      largest.push_back({{"name", table.name}, {"row_count", table.rows}, {"size_bytes", table.bytes}});
  }
  return {{"size_bytes", bytes}, {"schema_version", known_schema}, {"tables", std::move(largest)}};
}

// Whether others can reach it: not through a loopback listener.
bool is_reachable(ServerConfig const& config) {
  auto const https = parse_listen_address(config.listen.https);
  return !config.listen.https.empty() && https && !https->loopback;
}

}  // namespace

Reply handle_show_server_health(Request const&, Context& context) {
  auto& services = context.services;
  auto const tables = store::database_sizes(context.database(), context.caller.user.id);  // checks who asks
  if (!tables) return error_reply(tables.error());
  auto const totals = store::show_totals(context.database());
  if (!totals) return error_reply(totals.error());
  auto const staff = store::list_users(context.database(), context.caller.user.id, "", "staff", 0, 2);
  if (!staff) return error_reply(staff.error());
  auto const jobs = store::list_jobs(context.database(), 0, "", 0, 1);
  if (!jobs) return error_reply(jobs.error());
  auto const journal = services.dispatcher.journal_status();
  auto const* workers = services.workers;
  auto const& config = services.config;
  return json_reply(
      200,
      {{"server_version", PACKAGE_VERSION},
       {"uptime_ms", services.now_ms() - services.started_ms},
       {"stor", stor_to_json(config)},
       {"database", database_to_json(*tables)},
       {"journal",
        {{"database_unavailable", journal.away}, {"unwritten_count", journal.waiting}, {"lag_ms", journal.lag_ms}}},
       {"workers",
        {{"thread_count", config.limits.worker_threads},
         {"queued_count", workers == nullptr ? 0 : workers->waiting()},
         {"queue_limit", config.limits.request_queue},
         {"rejected_count", services.counters.rejected.load()}}},
       {"setup",
        {{"reachable", is_reachable(config)},
         {"registration", services.runtime.now().registration},
         {"has_slave", totals->slaves > 0},
         {"has_job", !jobs->empty()},
         {"second_administrator", staff->size() > 1},
         {"mail", !config.mail.server.empty()}}}});
}

}  // namespace distren
