#include "server/store/journal.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/base/json_text.h"

namespace distren::store {

namespace {

constexpr std::string_view outcome_names[] = {"accepted", "failed", "rejected", "returned", "expired", "cancelled"};

template <std::size_t field_count, typename... Values>
void append_row(std::string& text, std::array<std::string_view, field_count> const& /*fields*/,
                Values const&... values) {
  static_assert(sizeof...(Values) == field_count, "a value for each field");
  if (text.size() > 1) text += ',';
  char before = '[';
  (..., fmt::format_to(std::back_inserter(text), "{}{}", std::exchange(before, ','), values));
  text += ']';
}

std::string leases_text(std::vector<LeaseEntry> const& leases) {
  std::string text = "[";
  for (LeaseEntry const& lease : leases)
    append_row(text, lease_fields, lease.attempt, lease.task, lease.slave, lease.expires_ms);
  return text + "]";
}

std::string warnings_text(std::vector<protocol::RenderWarning> const& warnings) {
  if (warnings.empty()) return "null";
  auto rows = nlohmann::json::array();
  for (auto const& warning : warnings) rows.push_back({warning.code, warning.message, warning.count});
  return to_text(rows);
}

std::string outputs_text(std::vector<FurtherOutput> const& outputs) {
  if (outputs.empty()) return "null";
  auto rows = nlohmann::json::array();
  for (auto const& each : outputs)
    rows.push_back({each.name, each.size, each.sha256, each.width, each.height, each.format});
  return to_text(rows);
}

std::string outcomes_text(std::vector<OutcomeEntry> const& outcomes) {
  std::string text = "[";
  for (OutcomeEntry const& entry : outcomes) {
    append_row(text, outcome_fields, entry.attempt, entry.task, entry.slave,
               fmt::format("\"{}\"", outcome_names[static_cast<std::size_t>(entry.outcome)]), entry.cpu_ms,
               entry.wall_ms, entry.memory_mib, entry.task_failed ? 1 : 0, to_text(entry.reason),
               entry.may_win ? to_text(entry.output) : "null", entry.output_size, to_text(entry.output_sha256),
               entry.claim, entry.fair_value, entry.grant, entry.grant_limit, entry.boost,
               fmt::format("\"{}\"", failure_code(entry)), entry.counts ? 1 : 0, warnings_text(entry.warnings),
               entry.may_win ? outputs_text(entry.more_outputs) : "null");
  }
  return text + "]";
}

JournalReply::Verdict parse_verdict(std::string_view name) {
  using Verdict = JournalReply::Verdict;
  if (name == "accepted") return Verdict::accepted;
  if (name == "superseded") return Verdict::superseded;
  if (name == "ended") return Verdict::ended;
  return name == "recorded" ? Verdict::recorded : Verdict::unknown;
}

JournalReply::JobCounts parse_figures(std::int64_t job, std::string const& text) {
  JournalReply::JobCounts figures{.job = job, .state = {}};
  std::istringstream words(text);
  words >> figures.user >> figures.accepted >> figures.failed >> figures.state;
  return figures;
}

}  // namespace

std::string_view failure_code(OutcomeEntry const& outcome) {
  if (outcome.outcome == Outcome::accepted) return {};
  if (outcome.outcome == Outcome::expired) return "lease_expired";
  if (outcome.outcome == Outcome::failed || outcome.outcome == Outcome::returned)
    return protocol::choice_name(protocol::result_codes, outcome.result_code);
  return protocol::choice_name(protocol::verdict_codes, outcome.verdict_code);
}

Result<void> fail_stranded_jobs(Database& database) {
  return database.call("job_fail_stranded", {});
}

Result<std::vector<RunnableJob>> load_jobs(Database& database, std::int64_t only_job) {
  std::vector<RunnableJob> jobs;
  auto loaded = database.call("job_load", {only_job}, [&](SqlRow const& row) {
    RunnableJob job;
    job.id = row.integer(0);
    job.user = row.integer(1);
    job.method = row.text(2);
    job.source = row.text(3);
    job.parameters = row.text(4);
    job.output = row.text(5);
    job.version = row.text(6);
    job.priority = static_cast<int>(row.integer(7));
    job.state = row.text(8);
    job.first_task = row.integer(9);
    job.tasks = static_cast<int>(row.integer(10));
    job.tiles = static_cast<int>(row.integer(11));
    job.after = row.integer(12);
    job.waits = row.integer(13) != 0;
    job.user_name = row.text(14);
    job.project = row.integer(15);
    job.needs_approval = row.integer(16) != 0;
    job.revision = row.integer(17);
    job.renderer = read_job_renderer(row, 18);
    jobs.push_back(std::move(job));
  });
  if (!loaded) return loaded.error();

  std::unordered_map<std::int64_t, RunnableJob*> by_id;
  for (RunnableJob& job : jobs) by_id[job.id] = &job;
  loaded = database.call("job_load_files", {only_job}, [&](SqlRow const& row) {
    // A job may have been added since the first call; its creator brings it to the dispatcher himself.
    if (auto found = by_id.find(row.integer(0)); found != by_id.end()) {
      found->second->files.push_back({row.text(1), row.text(2), row.integer(3)});
    }
  });
  if (!loaded) return loaded.error();
  return jobs;
}

Result<JobRenderer> pin_job(Database& database, std::int64_t job, std::string_view version, std::string_view build) {
  JobRenderer pinned;
  auto const done =
      database.call("job_pin", {job, version, build}, [&](SqlRow const& row) { pinned = read_job_renderer(row, 0); });
  if (!done) return done.error();
  return pinned;
}

Result<std::vector<RunnableTask>> load_tasks(Database& database, std::int64_t only_job) {
  std::vector<RunnableTask> tasks;
  auto const loaded = database.call("task_load", {only_job}, [&](SqlRow const& row) {
    tasks.push_back(
        {row.integer(0), row.integer(1), static_cast<int>(row.integer(2)), static_cast<int>(row.integer(3))});
  });
  if (!loaded) return loaded.error();
  return tasks;
}

Result<std::vector<LiveLease>> load_leases(Database& database) {
  std::vector<LiveLease> leases;
  auto const loaded = database.call("lease_load", {}, [&](SqlRow const& row) {
    leases.push_back({row.integer(0), row.integer(1), row.integer(2), row.integer(3)});
  });
  if (!loaded) return loaded.error();
  return leases;
}

Result<std::vector<FailedOn>> load_failures(Database& database, std::int64_t only_job) {
  std::vector<FailedOn> failures;
  auto const loaded = database.call("failure_load", {only_job}, [&](SqlRow const& row) {
    failures.push_back({row.integer(0), row.integer(1), row.integer(2)});
  });
  if (!loaded) return loaded.error();
  return failures;
}

Result<std::int64_t> reserve_attempts(Database& database, std::int64_t count) {
  std::int64_t first = 0;
  auto const reserved = database.call("attempt_reserve", {count}, [&](SqlRow const& row) { first = row.integer(0); });
  if (!reserved) return reserved.error();
  return first;
}

Result<std::unordered_map<std::int64_t, std::vector<std::string>>> find_accepted_outputs(
    Database& database, std::vector<TaskAttempt> const& attempts) {
  auto asked = nlohmann::json::array();
  for (TaskAttempt const& each : attempts) asked.push_back({{"task_id", each.task}, {"attempt_id", each.attempt}});
  std::string const text = asked.dump();
  std::unordered_map<std::int64_t, std::vector<std::string>> outputs;
  auto const found = database.call("attempt_accepted", {std::string_view(text)}, [&](SqlRow const& row) {
    auto& names = outputs[row.integer(1)];
    auto const number = static_cast<std::size_t>(row.integer(2));
    if (names.size() <= number) names.resize(number + 1);
    names[number] = row.text(3);
  });
  if (!found) return found.error();
  return outputs;
}

Result<std::vector<std::string>> find_taken_output_names(Database& database, std::int64_t job, std::int64_t task,
                                                         std::vector<FurtherOutput> const& outputs) {
  auto names = nlohmann::json::array();
  for (auto const& each : outputs) names.push_back(each.name);
  std::string const text = to_text(names);
  std::vector<std::string> taken;
  auto const found = database.call("output_name_taken", {job, task, std::string_view(text)},
                                   [&](SqlRow const& row) { taken.push_back(row.text(0)); });
  if (!found) return found.error();
  return taken;
}

Result<JournalReply> write_journal(Database& database, JournalBatch const& batch) {
  std::string const leases = leases_text(batch.leases);
  std::string const outcomes = outcomes_text(batch.outcomes);
  JournalReply answer;
  answer.verdicts.assign(batch.outcomes.size(), JournalReply::Verdict::unknown);
  answer.points.resize(batch.outcomes.size());
  auto const written =
      database.call("journal_write", {std::string_view(leases), std::string_view(outcomes)}, [&](SqlRow const& row) {
        std::int64_t const id = row.integer(1);
        switch (row.integer(0)) {
          case 0:
            answer.verdicts.at(static_cast<std::size_t>(id - 1)) = parse_verdict(row.text(2));
            if (!row.is_null(3)) answer.points.at(static_cast<std::size_t>(id - 1)) = row.integer(3);
            break;
          case 1:
            answer.finished_jobs.push_back({id, row.integer(4)});
            break;
          case 2:
            answer.paused_jobs.push_back({.control = {.job = id,
                                                      .revision = row.integer(4),
                                                      .state = JobState::paused,
                                                      .priority = static_cast<int>(row.integer(5)),
                                                      .needs_approval = row.integer(6) != 0},
                                          .reason = row.text(2)});
            break;
          case 5:
            answer.failed_dependents.push_back({id, row.integer(4), row.text(2)});
            break;
          case 4:
            for (auto& job : answer.changed_jobs)
              if (job.job == id) job.warnings = row.text(2);
            break;
          default:
            answer.changed_jobs.push_back(parse_figures(id, row.text(2)));
            answer.changed_jobs.back().revision = row.integer(4);
            answer.changed_jobs.back().submission = row.integer(5);
        }
      });
  if (!written) return written.error();
  return answer;
}

}  // namespace distren::store
