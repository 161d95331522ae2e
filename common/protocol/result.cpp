#include "common/protocol/result.h"

#include <algorithm>
#include <iterator>

#include "common/base/digest.h"
#include "common/protocol/announce.h"
#include "common/protocol/codec.h"

namespace distren::protocol {

namespace {

Result<void> check_attempt(std::int64_t attempt) {
  if (attempt <= 0) return fail(Errc::invalid, "attempt is missing or not a whole number");
  return {};
}

}  // namespace

Fault fault_of(ResultCode code) {
  switch (code) {
    case ResultCode::scene_error:
    case ResultCode::camera_missing:
    case ResultCode::input_missing:
    case ResultCode::output_missing:
      return Fault::job;
    case ResultCode::out_of_memory:
    case ResultCode::out_of_disk:
    case ResultCode::renderer_missing:
    case ResultCode::renderer_crashed:
    case ResultCode::sandbox_failed:
    case ResultCode::download_failed:
      return Fault::machine;
    case ResultCode::timed_out:
    case ResultCode::too_long:
    case ResultCode::volunteer_stopped:
    case ResultCode::interrupted:
    case ResultCode::other:
      return Fault::nobody;
  }
  return Fault::nobody;
}

ResultCode result_code_named(std::string_view name) {
  auto const found = std::ranges::find(result_codes, name, &ChoiceName<ResultCode>::name);
  return found == std::end(result_codes) ? ResultCode::other : found->value;
}

VerdictCode verdict_code_named(std::string_view name) {
  auto const found = std::ranges::find(verdict_codes, name, &ChoiceName<VerdictCode>::name);
  return found == std::end(verdict_codes) ? VerdictCode::none : found->value;
}

std::string write_line(ResultReport result) {
  std::string line = write(result);
  if (line.size() <= max_line_bytes) return line;
  result.log.clear();
  line = write(result);
  while (line.size() > max_line_bytes && !result.warnings.empty()) {
    result.warnings.pop_back();
    line = write(result);
  }
  return line;
}

std::string write_line(Announce announce) {
  std::string line = write(announce);
  while (line.size() > max_line_bytes && !announce.holding.empty()) {
    announce.holding.resize(announce.holding.size() - std::min<std::size_t>(announce.holding.size(), 50));
    line = write(announce);
  }
  return line;
}

Result<void> check(Progress const& progress) {
  for (auto const& item : progress.items)
    if (auto const good = check_attempt(item.attempt); !good) return good;
  return {};
}

Result<void> check(LogText const& log) {
  return check_attempt(log.attempt);
}

Result<void> check(ResultReport const& result) {
  if (auto const good = check_attempt(result.attempt); !good) return good;
  if (!result.outcome) return fail(Errc::invalid, "outcome is not one of done, failed, returned");
  if (result.outcome != Outcome::done) return {};
  for (auto const& output : result.outputs)
    if (!is_sha256_hex(output.sha256))
      return fail(Errc::invalid, "outputs[].sha256 is not 64 lower-case hexadecimal digits");
  return {};
}

}  // namespace distren::protocol
