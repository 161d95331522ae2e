#include "server/dispatch/policy.h"

#include <fmt/format.h>

namespace distren {

namespace {

std::string decimal(std::int64_t thousandths) {
  return fmt::format("{}.{:02}", thousandths / 1000, thousandths % 1000 / 10);
}

std::string seconds(std::int64_t ms) {
  return fmt::format("{} s", (ms + 999) / 1000);
}

std::string weights(PolicyReason const& reason) {
  std::string text =
      reason.weight > 0 ? fmt::format("weight {}", decimal(reason.weight)) : "from the fifth that all share alike";
  if (reason.boost > 0) text += fmt::format(", boost {}", decimal(reason.boost));
  return text;
}

}  // namespace

std::string sentence(PolicyReason const& reason) {
  using Rule = PolicyReason::Rule;
  switch (reason.rule) {
    case Rule::unknown:
      return "the dispatcher does not know it";
    case Rule::all_dispatched:
      return "all of its frames are given out or wait to be tried again";
    case Rule::own_job_first:
      return fmt::format("its owner's job {} comes first, by priority, boost or age", reason.number);
    case Rule::users_ahead:
      return fmt::format("{} {} further behind their share {} first ({})", reason.number,
                         reason.number == 1 ? "user who is" : "users who are", reason.number == 1 ? "comes" : "come",
                         weights(reason));
    case Rule::next:
      return fmt::format("it is next: the first slave that fits renders it ({})", weights(reason));
    case Rule::fair_share:
      return fmt::format("job {}: it was user {}'s turn ({})", reason.job, reason.user, weights(reason));
    case Rule::files_cached:
      return fmt::format("job {}: it holds its files, and user {} was little ahead of his turn ({})", reason.job,
                         reason.user, weights(reason));
    case Rule::speculative_copy:
      return fmt::format("job {}: no frame was waiting, so it renders a second time what attempt {} is slow at",
                         reason.job, reason.number);
    case Rule::wait_for_faster:
      return fmt::format(
          "job {} is nearly done and would wait for this slave; one at least twice as fast is free in {}", reason.job,
          seconds(reason.number));
    case Rule::too_long:
      return fmt::format("a frame of job {} would take {}, more than this slave's limit", reason.job,
                         seconds(reason.number));
    case Rule::no_suitable_job:
      return fmt::format("none of the {} waiting jobs that it was offered fits it", reason.number);
    case Rule::no_work:
      return "no job has a frame waiting";
  }
  return {};
}

std::string_view rule_name(PolicyReason::Rule rule) {
  using Rule = PolicyReason::Rule;
  switch (rule) {
    case Rule::unknown:
      return "unknown";
    case Rule::all_dispatched:
      return "nothing_ready";
    case Rule::own_job_first:
      return "own_job_first";
    case Rule::users_ahead:
      return "users_ahead";
    case Rule::next:
      return "next";
    case Rule::fair_share:
      return "fair_share";
    case Rule::files_cached:
      return "same_files";
    case Rule::speculative_copy:
      return "tail_copy";
    case Rule::wait_for_faster:
      return "wait_for_faster";
    case Rule::too_long:
      return "too_long";
    case Rule::no_suitable_job:
      return "nothing_fits";
    case Rule::no_work:
      return "nothing_to_do";
  }
  return "unknown";
}

}  // namespace distren
