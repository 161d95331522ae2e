// How a slave's machine was: minutes from memory, hours from the database.
#include <fmt/format.h>

#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/services.h"

namespace distren {

namespace {

constexpr std::int64_t year_hours = 366 * 24;

Result<int> read_hours(Request const& request) {
  auto const text = request.parameter("hours").value_or("24");
  auto const hours = whole_number(text, 1, year_hours);
  if (!hours)
    return fail(Errc::invalid, fmt::format("hours={} is not between 1 and {}", printable(text, 30), year_hours));
  return static_cast<int>(*hours);
}

}  // namespace

Reply handle_show_telemetry(Request const& request, Context& context) {
  auto const slave = find_accessible_slave(context);
  if (!slave) return error_reply(slave.error());
  auto const asked = read_hours(request);
  if (!asked) return error_reply(asked.error());
  auto const& services = context.services;
  auto minutes = nlohmann::json::array();
  auto hours = nlohmann::json::array();
  for (auto const& reading : services.telemetry.last(slave->id, *asked, services.now_ms()))
    minutes.push_back(telemetry_to_json(reading));
  if (*asked > 24) {  // within a day the minutes contain all
    auto const listed = store::list_telemetry(context.database(), slave->id, services.now_s() / 3600 - *asked);
    if (!listed) return error_reply(listed.error());
    for (auto const& hour : *listed) hours.push_back(telemetry_to_json(hour));
  }
  int const memory = services.telemetry.memory_mib(slave->id);
  return json_reply(200, {{"memory_mib", memory > 0 ? nlohmann::json(memory) : nlohmann::json(nullptr)},
                          {"interval_ms", std::int64_t{60'000} * services.telemetry.minutes_apart()},
                          {"samples", minutes},
                          {"hours", hours}});
}

}  // namespace distren
