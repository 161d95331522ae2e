// What becomes of an attempt: progress, log, result and its answers. Values alone, see messages.h.
#pragma once

#include <variant>

#include "common/protocol/messages.h"

namespace distren::protocol {

struct Progress {
  static constexpr std::string_view type = "progress";
  std::int64_t attempt = 0;
  double fraction = 0;
  std::optional<std::int64_t> remaining_ms{};
};
void members(auto& visit, Is<Progress> auto& progress) {
  visit.integer("attempt", progress.attempt, limits::ids);
  visit.number("fraction", progress.fraction, limits::fractions);
  visit.integer("remaining", progress.remaining_ms, limits::durations_ms);
}

struct LogRequest {
  static constexpr std::string_view type = "log";
  std::int64_t attempt = 0;
};
void members(auto& visit, Is<LogRequest> auto& request) {
  visit.integer("attempt", request.attempt, limits::ids);
}

struct LogText {
  static constexpr std::string_view type = "log";
  std::int64_t attempt = 0;
  std::string text{};  // the end of it
};
void members(auto& visit, Is<LogText> auto& log) {
  visit.integer("attempt", log.attempt, limits::ids);
  visit.text("text", log.text, limits::logs);
}

enum class Outcome { done, failed, returned };
inline constexpr ChoiceName<Outcome> outcomes[] = {
    {Outcome::done, "done"}, {Outcome::failed, "failed"}, {Outcome::returned, "returned"}};

enum class ReturnCode { none, too_long };
inline constexpr ChoiceName<ReturnCode> return_codes[] = {{ReturnCode::too_long, "too_long"}};

struct ResultOutput {
  std::string name{};
  std::int64_t size = 0;  // bytes
  std::string sha256{};
  std::string upload{};  // the number of the finished upload
};
void members(auto& visit, Is<ResultOutput> auto& output) {
  visit.text("name", output.name, limits::paths);
  visit.integer("size", output.size, limits::file_sizes);
  visit.text("sha256", output.sha256, limits::digests);
  visit.text("upload", output.upload, limits::instances);
}

struct ResultReport {
  static constexpr std::string_view type = "result";
  std::int64_t attempt = 0;
  std::string lease{};
  std::optional<Outcome> outcome{};
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  int peak_memory_mib = 0;
  std::optional<ResultOutput> output{};
  std::string reason{};
  ReturnCode code = ReturnCode::none;
  std::string log{};  // of a failure: the end of what the renderer printed
  std::vector<std::string> warnings{};
};
void members(auto& visit, Is<ResultReport> auto& result) {
  visit.integer("attempt", result.attempt, limits::ids);
  visit.text("lease", result.lease, limits::leases);
  visit.choice("state", result.outcome, outcomes);
  visit.integer("cpu", result.cpu_ms, limits::durations_ms, Written::unless_empty);
  visit.integer("wall", result.wall_ms, limits::durations_ms, Written::unless_empty);
  visit.integer("memory", result.peak_memory_mib, limits::memory_mib, Written::unless_empty);
  visit.object("output", result.output);
  visit.text("reason", result.reason, limits::reasons, Written::unless_empty);
  visit.choice("code", result.code, return_codes);
  visit.text("log", result.log, limits::logs, Written::unless_empty);
  visit.texts("warnings", result.warnings, limits::max_warnings, limits::warnings, Written::unless_empty);
}

struct Accepted {
  static constexpr std::string_view type = "accepted";
  std::int64_t attempt = 0;
};
void members(auto& visit, Is<Accepted> auto& answer) {
  visit.integer("attempt", answer.attempt, limits::ids);
}

struct Rejected {
  static constexpr std::string_view type = "rejected";
  std::int64_t attempt = 0;
  std::string reason{};
};
void members(auto& visit, Is<Rejected> auto& answer) {
  visit.integer("attempt", answer.attempt, limits::ids);
  visit.text("reason", answer.reason, limits::reasons);
}

struct Retry {
  static constexpr std::string_view type = "retry";
  std::int64_t attempt = 0;
  std::int64_t retry_after_ms = 5000;
  std::string reason{};
  bool upload_again = false;  // the server has the upload no more
};
void members(auto& visit, Is<Retry> auto& answer) {
  visit.integer("attempt", answer.attempt, limits::ids);
  visit.integer("after", answer.retry_after_ms, limits::retries_ms);
  visit.text("reason", answer.reason, limits::reasons);
  visit.mark("upload", answer.upload_again);
}

using ResultAnswer = std::variant<Accepted, Rejected, Retry>;

struct Incoming;
std::optional<ResultAnswer> read_answer(Incoming const& incoming);  // nothing: it is none

// At most max_line_bytes long, without its warnings and its log where it would be longer.
std::string write_line(ResultReport result);

// invalid: no attempt is named, no known state, or a digest that is none.
Result<void> check(Progress const& progress);
Result<void> check(ResultReport const& result);
Result<void> check(LogText const& log);

}  // namespace distren::protocol
