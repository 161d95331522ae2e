// What becomes of an attempt: progress, log, result and its verdict. Values alone, see messages.h.
#pragma once

#include "common/base/result.h"
#include "common/protocol/messages.h"

namespace distren::protocol {

enum class Phase { queued, fetching, rendering, uploading };
inline constexpr ChoiceName<Phase> phases[] = {{Phase::queued, "queued"},
                                               {Phase::fetching, "fetching"},
                                               {Phase::rendering, "rendering"},
                                               {Phase::uploading, "uploading"}};

struct AttemptProgress {
  std::int64_t attempt = 0;
  Phase phase = Phase::rendering;
  double fraction = 0;
  std::optional<std::int64_t> remaining_ms{};
};
void members(auto& visit, Is<AttemptProgress> auto& progress) {
  visit.integer("attempt", progress.attempt, limits::ids);
  visit.choice("phase", progress.phase, phases);
  visit.number("fraction", progress.fraction, limits::fractions);
  visit.integer("remaining_ms", progress.remaining_ms, limits::durations_ms);
}

struct Progress {
  static constexpr std::string_view type = "progress";
  std::vector<AttemptProgress> items{};
};
void members(auto& visit, Is<Progress> auto& progress) {
  visit.objects("items", progress.items, limits::max_progress);
}

struct LogRequest {
  static constexpr std::string_view type = "log_request";
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

// Why there is no image. fault_of() says by whose fault; one that is not known is nobody's.
enum class ResultCode {
  other,
  scene_error,
  camera_missing,
  input_missing,
  output_missing,
  out_of_memory,
  out_of_disk,
  renderer_missing,
  renderer_crashed,
  sandbox_failed,
  download_failed,
  timed_out,
  too_long,
  volunteer_stopped,
  interrupted
};
inline constexpr ChoiceName<ResultCode> result_codes[] = {{ResultCode::scene_error, "scene_error"},
                                                          {ResultCode::camera_missing, "camera_missing"},
                                                          {ResultCode::input_missing, "input_missing"},
                                                          {ResultCode::output_missing, "output_missing"},
                                                          {ResultCode::out_of_memory, "out_of_memory"},
                                                          {ResultCode::out_of_disk, "out_of_disk"},
                                                          {ResultCode::renderer_missing, "renderer_missing"},
                                                          {ResultCode::renderer_crashed, "renderer_crashed"},
                                                          {ResultCode::sandbox_failed, "sandbox_failed"},
                                                          {ResultCode::download_failed, "download_failed"},
                                                          {ResultCode::timed_out, "timed_out"},
                                                          {ResultCode::too_long, "too_long"},
                                                          {ResultCode::volunteer_stopped, "volunteer_stopped"},
                                                          {ResultCode::interrupted, "interrupted"}};

enum class Fault { nobody, job, machine };
Fault fault_of(ResultCode code);
ResultCode result_code_named(std::string_view name);  // other: none of them

struct ResultOutput {
  std::string name{};  // of the first as its order has it, of the others as the renderer gave it
  std::int64_t size_bytes = 0;
  std::string sha256{};
  std::string upload_id{};  // of the finished upload
};
void members(auto& visit, Is<ResultOutput> auto& output) {
  visit.text("name", output.name, limits::output_names);
  visit.integer("size_bytes", output.size_bytes, limits::file_sizes);
  visit.text("sha256", output.sha256, limits::digests);
  visit.text("upload_id", output.upload_id, limits::instances);
}

struct RenderWarning {
  std::string code{};
  std::string message{};
  int count = 1;
};
void members(auto& visit, Is<RenderWarning> auto& warning) {
  visit.text("code", warning.code, limits::codes, Written::unless_empty);
  visit.text("message", warning.message, limits::warnings);
  visit.integer("count", warning.count, limits::counts);
}

struct ResultReport {
  static constexpr std::string_view type = "result";
  std::int64_t attempt = 0;
  std::string lease{};
  std::optional<Outcome> outcome{};
  ResultCode code = ResultCode::other;
  std::string message{};
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  int peak_memory_mib = 0;
  std::vector<ResultOutput> outputs{};
  std::vector<RenderWarning> warnings{};
  std::string log{};  // of a failure: the end of what the renderer printed
};
void members(auto& visit, Is<ResultReport> auto& result) {
  visit.integer("attempt", result.attempt, limits::ids);
  visit.text("lease", result.lease, limits::leases);
  visit.choice("outcome", result.outcome, outcomes);
  visit.choice("code", result.code, result_codes);
  visit.text("message", result.message, limits::reasons, Written::unless_empty);
  visit.integer("cpu_ms", result.cpu_ms, limits::durations_ms, Written::unless_empty);
  visit.integer("wall_ms", result.wall_ms, limits::durations_ms, Written::unless_empty);
  visit.integer("peak_memory_mib", result.peak_memory_mib, limits::memory_mib, Written::unless_empty);
  visit.objects("outputs", result.outputs, limits::max_outputs, Written::unless_empty);
  visit.objects("warnings", result.warnings, limits::max_warnings, Written::unless_empty);
  visit.text("log", result.log, limits::logs, Written::unless_empty);
}

enum class VerdictKind { accepted, rejected, retry };
inline constexpr ChoiceName<VerdictKind> verdict_kinds[] = {
    {VerdictKind::accepted, "accepted"}, {VerdictKind::rejected, "rejected"}, {VerdictKind::retry, "retry"}};

enum class VerdictCode {
  none,
  lease_invalid,
  superseded,
  job_ended,
  wrong_size,
  undecodable,
  output_name_invalid,
  digest_differs,
  upload_missing,
  busy,
  database_unavailable
};
inline constexpr ChoiceName<VerdictCode> verdict_codes[] = {
    {VerdictCode::lease_invalid, "lease_invalid"},
    {VerdictCode::superseded, "superseded"},
    {VerdictCode::job_ended, "job_ended"},
    {VerdictCode::wrong_size, "wrong_size"},
    {VerdictCode::undecodable, "undecodable"},
    {VerdictCode::output_name_invalid, "output_name_invalid"},
    {VerdictCode::digest_differs, "digest_differs"},
    {VerdictCode::upload_missing, "upload_missing"},
    {VerdictCode::busy, "busy"},
    {VerdictCode::database_unavailable, "database_unavailable"}};

VerdictCode verdict_code_named(std::string_view name);  // none: none of them

// The answer to a result. accepted, rejected: the slave deletes its copy. retry: it keeps it and says it again.
struct Verdict {
  static constexpr std::string_view type = "verdict";
  std::int64_t attempt = 0;
  VerdictKind verdict = VerdictKind::retry;  // also of one that is not known
  VerdictCode code = VerdictCode::none;
  std::string message{};
  std::int64_t retry_ms = 5000;  // of a retry
  bool upload_again = false;     // the server has the upload no more
};
void members(auto& visit, Is<Verdict> auto& answer) {
  visit.integer("attempt", answer.attempt, limits::ids);
  visit.choice("verdict", answer.verdict, verdict_kinds);
  visit.choice("code", answer.code, verdict_codes);
  visit.text("message", answer.message, limits::reasons, Written::unless_empty);
  visit.integer("retry_ms", answer.retry_ms, limits::retries_ms);
  visit.mark("upload_again", answer.upload_again);
}
inline Verdict accepted(std::int64_t attempt) {
  return {.attempt = attempt, .verdict = VerdictKind::accepted, .retry_ms = 0};
}
inline Verdict rejected(std::int64_t attempt, VerdictCode code, std::string message) {
  return {
      .attempt = attempt, .verdict = VerdictKind::rejected, .code = code, .message = std::move(message), .retry_ms = 0};
}

// At most max_line_bytes long: where it would be longer, without its log, and then without its last warnings.
std::string write_line(ResultReport result);

// invalid: no attempt is named, no known outcome, or a digest that is none.
Result<void> check(Progress const& progress);
Result<void> check(ResultReport const& result);
Result<void> check(LogText const& log);

}  // namespace distren::protocol
