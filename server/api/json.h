// The JSON forms of the API's objects, each made in one place, and pages of lists (doc/openapi.yaml). Worker threads.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/dispatch/dispatcher.h"
#include "server/dispatch/statuses.h"
#include "server/http/message.h"
#include "server/slaves/telemetry_history.h"
#include "server/store/administration.h"
#include "server/store/jobs.h"
#include "server/store/slaves.h"
#include "server/store/users.h"

namespace distren {

// with_private: to its owner and to administrators; else null stands for what is private.
nlohmann::json user_to_json(store::UserDetails const& user, bool with_private = true);
nlohmann::json token_to_json(store::Token const& token);
nlohmann::json to_json(store::Job const& job, JobStatus const& live);
// What renders a job, and what its main file needs; min_version "0": any.
nlohmann::json renderer_to_json(std::string const& method, store::JobRenderer const& renderer,
                                std::string const& min_version);
nlohmann::json output_to_json(std::string_view text);  // of a job, as the database has it
// A list: what only memory knows of all of them is one question.
nlohmann::json to_json(std::vector<store::Job> const& jobs, Dispatcher& dispatcher);
// spec: of the job's output.
nlohmann::json to_json(store::Job const& job, OutputSpec const& spec, store::Task const& task,
                       std::optional<TaskStatus> const& live);
// address: whether the one who asks may see from where it came.
nlohmann::json slave_to_json(store::Slave const& slave, SlaveStatus const& status,
                             std::optional<TelemetryReading> const& telemetry, bool address);
nlohmann::json telemetry_to_json(TelemetryReading const& reading);
nlohmann::json telemetry_to_json(store::TelemetryHour const& hour);

std::string_view slave_state_name(store::SlaveState state);

// Powers, weights and boosts are thousandths inside and decimal numbers outside: 12500 is 12.5. Points are whole
// millipoints everywhere.
nlohmann::json decimal(std::int64_t thousandths);
nlohmann::json time_or_null(std::int64_t unix_ms);  // 0 becomes null
nlohmann::json explanation_to_json(Explanation const& why);

// "" becomes null, 0 does, nothing does.
nlohmann::json text_or_null(std::string const& text);
nlohmann::json number_or_null(std::int64_t number);
// A reference to something that has a name: null without an id, its name null when it is deleted.
nlohmann::json named_or_null(std::int64_t id, std::string const& name);
template <typename T>
nlohmann::json or_null(std::optional<T> const& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

// Of a query: decimal digits alone, within the bounds.
std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max);

}  // namespace distren
