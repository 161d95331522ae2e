// A grid in memory for tests of DispatchCore: a journal, slaves and a clock that the test holds.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/protocol/result.h"
#include "server/dispatch/attempt_events.h"
#include "server/dispatch/core.h"
#include "server/dispatch/explain.h"
#include "server/dispatch/fair_share/fair_share.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/dispatch/tick.h"
#include "tests/support/check_main.h"
#include "tests/support/flat_order.h"

namespace distren {

using nlohmann::json;
using Verdict = store::JournalReply::Verdict;

struct FakeSlave : SlaveSink {
  std::vector<json> received;
  std::string closed;
  std::size_t longest = 0;  // bytes of a message
  void send(std::string line) override {
    longest = std::max(longest, line.size());
    received.push_back(flat_order(json::parse(line)));
  }
  void close(protocol::Goodbye const& goodbye) override { closed = goodbye.message; }
  [[nodiscard]] std::vector<json> of_type(std::string const& type) const {
    std::vector<json> out;
    std::ranges::copy_if(received, std::back_inserter(out), [&](json const& m) { return m["type"] == type; });
    return out;
  }
};

struct FakeJournal : DispatchEffects {
  struct Written {
    store::OutcomeEntry entry;
    std::function<void(std::string)> answer;
  };
  std::vector<store::LeaseEntry> leases;
  std::deque<Written> outcomes;
  std::int64_t next = 100;  // 0: no attempt number is reserved
  void journal_lease(store::LeaseEntry const& lease) override { leases.push_back(lease); }
  void journal_outcome(store::OutcomeEntry outcome, std::function<void(std::string)> answer) override {
    outcomes.push_back({std::move(outcome), std::move(answer)});
  }
  std::int64_t next_attempt() override { return next == 0 ? 0 : next++; }
  std::vector<store::Settlement> settled;
  void settle_grants(std::vector<store::Settlement> grants) override {
    settled.insert(settled.end(), grants.begin(), grants.end());
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> powers;  // slave, power
  void record_power(std::int64_t slave, store::Method const& /*method*/, std::int64_t power) override {
    powers.emplace_back(slave, power);
  }
  struct Pin {
    std::int64_t job = 0;
    std::string version, build;
  };
  std::deque<Pin> pins;  // that are not written down yet
  void pin_renderer(std::int64_t job, std::string version, std::string build) override {
    pins.push_back({job, std::move(version), std::move(build)});
  }
};

// A grid in memory; time is `now`, in milliseconds.
struct Grid {
  FairShare policy;
  FakeJournal journal;
  std::int64_t now = 1'000'000;
  std::int64_t revision = 0;              // of the last change of any job
  bool hold = false;                      // jobs: only their test frames, until they are approved
  std::vector<store::FailedOn> failures;  // of the next job, as the database has them
  std::vector<BenchmarkPlan> plans;
  explicit Grid(std::vector<BenchmarkPlan> benchmarks = {}) : plans(std::move(benchmarks)) {}
  DispatchCore core{{.lease_key = "key",
                     .lease_ms = 600'000,
                     .link_life_ms = 3'600'000,
                     .heartbeat_ms = 30'000,
                     .times = {},
                     .benchmarks = plans,
                     .random = [] { return std::uint64_t{7}; }},
                    {.blob = [](std::string_view sha256) { return "/blob/" + std::string(sha256); },
                     .inputs = [](std::int64_t job) { return "/list/" + std::to_string(job); },
                     .upload = [](Lease const&, std::string_view name) { return "/upload/" + std::string(name); }},
                    policy,
                    journal};

  // What the next job is rendered with; nothing: what its least version suggests.
  std::optional<store::JobRenderer> renderer{};

  void add_job(std::int64_t id, int frames, std::int64_t user = 1, int priority = 50, std::string version = "2.80",
               std::string output = R"({"format":"PNG","pattern":"%04d.png","width":64,"height":36})") {
    auto const usual = store::JobRenderer{.version = version == "2.80" ? "3.4.1" : "4.2"};
    store::RunnableJob job{.id = id,
                           .user = user,
                           .method = "blender",
                           .source = "scene.blend",
                           .parameters = R"({"samples":4})",
                           .output = std::move(output),
                           .version = std::move(version),
                           .priority = priority,
                           .state = "active",
                           .revision = ++revision,
                           .first_task = id * 1000,
                           .tasks = frames,
                           .needs_approval = hold,
                           .renderer = renderer.value_or(usual),
                           .files = {{"scene.blend", "abc", 10}}};
    std::vector<store::RunnableTask> tasks;
    for (int i = 0; i < frames; ++i) tasks.push_back({id * 1000 + i, id, i + 1, 0});
    distren::add_job(core, std::move(job), tasks, failures, now);
  }

  // As committed just now.
  void change_job(store::JobControl control) {
    control.revision = ++revision;
    distren::change_job(core, control, now);
  }

  std::shared_ptr<FakeSlave> add_slave(std::int64_t id, int slots = 1, std::string version = "3.4.1",
                                       std::vector<std::pair<std::int64_t, std::string>> holding = {}) {
    auto slave = std::make_shared<FakeSlave>();
    ck_assert(distren::admit_slave(core, id, "instance" + std::to_string(id), slave, now).has_value());
    distren::slave_announced(core, state(id, slots, std::move(version), std::move(holding)), now);
    return slave;
  }

  static SlaveCapabilities state(std::int64_t id, int slots = 1, std::string version = "3.4.1",
                                 std::vector<std::pair<std::int64_t, std::string>> holding = {}) {
    SlaveCapabilities s;
    s.id = id;
    s.user = 50 + id;
    s.slots = slots;
    s.methods = {{"blender", std::move(version)}};
    s.holding = std::move(holding);
    return s;
  }

  AttemptReport report_for(json const& order, std::int64_t slave, store::Outcome outcome, std::string reason = {}) {
    AttemptReport report;
    report.attempt = order["attempt"];
    report.task = order["task"];
    report.slave = slave;
    auto const lease = verify_lease(order["lease"].get<std::string>(), "key");
    report.given_ms = lease ? lease->expires_ms - 600'000 : 0;
    if (lease) report.terms = lease->terms;
    report.outcome = outcome;
    report.reason = std::move(reason);
    if (outcome == store::Outcome::accepted) report.output = order["output"]["name"];
    return report;
  }

  // The database has pinned what waited for it, as the dispatcher wished.
  void pin_all() {
    while (!journal.pins.empty()) {
      auto const pin = std::move(journal.pins.front());
      journal.pins.pop_front();
      renderer_pinned(core, pin.job, store::JobRenderer{.version = pin.version, .build = pin.build}, now);
    }
  }

  std::string answer;
  void done(json const& order, std::int64_t slave) {
    auto report = report_for(order, slave, store::Outcome::accepted);
    ck_assert(distren::begin_commit(core, report, now) == CommitDecision::proceed);
    distren::report_result(
        core, report, [this](std::string text) { answer = std::move(text); }, now);
  }
  void fails(json const& order, std::int64_t slave, std::string reason = "it crashed",
             protocol::ResultCode code = protocol::ResultCode::other) {
    auto report = report_for(order, slave, store::Outcome::failed, std::move(reason));
    report.result_code = code;
    distren::report_result(
        core, std::move(report), [this](std::string text) { answer = std::move(text); }, now);
  }
  // As the database decides: nothing for oneself, nothing yet without a value.
  static std::optional<std::int64_t> granted(store::OutcomeEntry const& entry) {
    return entry.fair_value > 0 ? std::optional(entry.grant) : std::nullopt;
  }
  // What the journal does with everything that waits.
  void commit(std::optional<Verdict> verdict = std::nullopt) {
    while (!journal.outcomes.empty()) {
      auto written = std::move(journal.outcomes.front());
      journal.outcomes.pop_front();
      Verdict const usual = written.entry.outcome == store::Outcome::accepted ? Verdict::accepted : Verdict::recorded;
      distren::settle(core, written.entry, verdict.value_or(usual), granted(written.entry), written.answer, now);
    }
  }
};

}  // namespace distren
