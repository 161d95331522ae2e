#include "server/slaves/remote_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/base/text.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr std::size_t most_lines = 50;    // of a schedule
constexpr std::size_t longest_line = 60;  // of it

bool whole(json const& value, std::int64_t low, std::int64_t high) {
  return value.is_number_integer() && value >= low && value <= high;
}

// Whether it is a part of a week only the slave knows; it says so in its hello.
bool schedule(json const& value) {
  return value.is_array() && value.size() <= most_lines && std::ranges::all_of(value, [](json const& line) {
           return line.is_string() && line.get_ref<std::string const&>().size() <= longest_line &&
                  printable(line.get_ref<std::string const&>()) == line.get_ref<std::string const&>();
         });
}

// What is wrong with it; empty: nothing.
std::string problem(std::string const& name, json const& value) {
  if (name == "threads") return whole(value, 1, 1024) ? "" : "threads: a number from 1 to 1,024";
  if (name == "memory") return whole(value, 64, 1 << 26) ? "" : "memory: MiB, from 64 on";
  if (name == "minutes_per_frame")
    return whole(value, 1, 100'000) ? "" : "minutes_per_frame: a number from 1 to 100,000";
  if (name == "paused") return value.is_boolean() ? "" : "paused: true or false";
  if (name == "schedule") return schedule(value) ? "" : "schedule: a list of lines like \"mon-fri 18:00-08:00\"";
  return fmt::format("there is no setting '{}'; there are threads, memory, minutes_per_frame, schedule and paused",
                     printable(name, 40));
}

}  // namespace

Result<std::string> change_settings(std::string_view kept, json const& changes) {
  if (!changes.is_object()) return fail(Errc::invalid, "settings are an object");
  std::vector<std::string> problems;
  for (auto const& [name, value] : changes.items()) {
    auto const found = problem(name, value);
    bool const taken_away = value.is_null() && !found.starts_with("there is no");
    if (!found.empty() && !taken_away) problems.push_back(found);
  }
  if (!problems.empty()) return fail(Errc::invalid, fmt::format("{}", fmt::join(problems, "; ")));
  auto settings = json::parse(kept, nullptr, false);
  if (!settings.is_object()) settings = json::object();
  settings.merge_patch(changes);
  return settings.empty() ? std::string() : settings.dump();
}

json settings_object(std::string_view kept) {
  auto settings = json::parse(kept, nullptr, false);
  return settings.is_object() ? settings : json::object();
}

std::string settings_message(std::string_view kept) {
  json message = settings_object(kept);
  message["type"] = "settings";
  return message.dump();
}

}  // namespace distren
