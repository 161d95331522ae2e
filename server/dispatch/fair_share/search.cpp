#include "server/dispatch/fair_share/search.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "server/dispatch/fair_share/stragglers.h"
#include "server/economy/fixed_math.h"

namespace distren {

namespace {

using Side = FairQueues::Side;
using Rule = PolicyReason::Rule;
constexpr Side contributors = FairQueues::contributors;
constexpr Side everyone = FairQueues::everyone;
constexpr std::size_t refusals_at_once = 500;  // then the slave waits for its next turn, and the search goes on there

// One pass over the rows of a class: first jobs whose files the slave has, then users by their virtual time, and of
// each user the jobs in his own order. Rows are sorted, one for each kind that fits; they are merged while they are
// read, so that a choice costs as much as what it looks at.
class Search final : public Candidates {
public:
  Search(FairShareTables const& tables, PolicySlave const& asking)
      : queues_(tables.queues),
        tables_(tables),
        now_(asking.now_ms),
        nobody_{.facts = {.id = asking.id, .user = asking.user, .slots = 0}},
        slave_(tables.slaves.find(asking.id)) {
    outcome_.held_for = slave().held_for;
    outcome_.held_ms = slave().held_ms;
    outcome_.resume = slave().resume;
    for (auto const& [kind, count] : queues_.kinds()) {
      if (!asking.fits || asking.fits(kind)) kinds_.push_back(kind);
    }
    if (outcome_.resume) passes_.push_back({everyone, true});  // everyone's row holds all jobs
    FairQueues::Class const& first = queues_.in(contributors);
    bool const contributors_first = first.users > 0 && first.v <= queues_.in(everyone).v;
    passes_.push_back({contributors_first ? contributors : everyone, false});
    passes_.push_back({contributors_first ? everyone : contributors, false});
  }

  std::optional<Candidate> next() override {
    if (offered_ != 0) refused_.insert(std::exchange(offered_, 0));
    for (; pass_ < passes_.size(); end_pass()) {
      if (!begun_) begin_pass();
      if (auto found = next_in_pass()) {
        offered_ = found->job;
        return found;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] SearchOutcome outcome() const override {
    SearchOutcome outcome = outcome_;
    outcome.stopped = offered_ != 0;
    if (outcome.stopped) return outcome;
    if (obstacle_) {
      outcome.reason = *obstacle_;
    } else if (queues_.kinds().empty()) {
      outcome.reason = {.rule = Rule::no_work};
    } else {
      std::int64_t jobs = static_cast<std::int64_t>(refused_.size());
      for (auto const& [kind, count] : queues_.kinds()) jobs += fits(kind) ? 0 : count;
      outcome.reason = {.rule = Rule::no_suitable_job, .number = jobs};
    }
    return outcome;
  }

private:
  struct Pass {
    Side side;
    bool resumed;  // goes on where the last search grew tired
  };
  template <typename Value>
  using Row = std::pair<typename std::set<Value>::const_iterator, typename std::set<Value>::const_iterator>;

  [[nodiscard]] FairSlaves::Slave const& slave() const { return slave_ == nullptr ? nobody_ : *slave_; }
  [[nodiscard]] bool tired() const { return refused_.size() >= refusals_at_once; }
  [[nodiscard]] bool fits(std::int64_t kind) const { return std::ranges::binary_search(kinds_, kind); }
  [[nodiscard]] Side side() const { return passes_[pass_].side; }

  void begin_pass() {
    begun_ = true;
    user_ = nullptr;
    rows_.clear();
    early_.clear();
    early_at_ = 0;
    auto const& queues = queues_.in(side()).queues;
    for (std::int64_t const kind : kinds_) {
      auto const queue = queues.find(kind);
      if (queue == queues.end()) continue;
      auto const& waiting = queue->second;
      rows_.emplace_back(passes_[pass_].resumed ? waiting.lower_bound(*outcome_.resume) : waiting.begin(),
                         waiting.end());
    }
    if (!passes_[pass_].resumed) find_cached_files();
  }

  void end_pass() {
    begun_ = false;
    // A resumed search that came to its end begins anew; one that grew tired waits for the slave's next turn.
    if (passes_[pass_].resumed && tired()) {
      pass_ = passes_.size();
      return;
    }
    if (passes_[pass_].resumed) outcome_.resume.reset();
    ++pass_;
  }

  // A job whose files the slave holds goes first while its owner would still be less than the longest frame ahead of
  // the one who is furthest behind: nobody gets further ahead without this rule, so the starvation bound holds with it.
  void find_cached_files() {
    std::optional<std::int64_t> behind;
    for (auto const& [row, end] : rows_) {
      if (row != end) behind = std::min(behind.value_or(row->first), row->first);
    }
    if (!behind) return;
    for (std::int64_t const id : slave().recent) {
      FairQueues::Job const* const job = queues_.find(id);
      if (job == nullptr || !job->queued || !fits(job->facts.kind)) continue;
      FairQueues::User const& user = queues_.user_of(*job);
      std::int64_t const own = FairQueues::weight(side(), user, job->boost);
      if (!user.in[side()] || own == 0) continue;
      FairQueues::Job const* const first = queues_.first_job(user);
      if (first->key.later != job->key.later || first->key.unboosted != job->key.unboosted) continue;
      std::int64_t const ahead = user.v[side()] - *behind;
      std::int64_t const room =
          std::max(tables_.attempts.longest_work() - tables_.attempts.expected_work(id), std::int64_t{0});
      if (ahead > economy::scaled(room, 1'000'000, own)) continue;
      early_.emplace_back(job, ahead > 0 || first != job ? Rule::files_cached : Rule::fair_share);
    }
  }

  std::optional<Candidate> next_in_pass() {
    while (early_at_ < early_.size()) {
      auto const& [job, rule] = early_[early_at_++];
      if (may_offer(*job)) return Candidate{job->facts.id, {side(), rule}};
    }
    for (;;) {
      while (user_ != nullptr) {
        FairQueues::Job const* const job = tired() ? nullptr : next_job();
        if (job == nullptr)
          user_ = nullptr;
        else if (FairQueues::weight(side(), *user_, job->boost) > 0 && may_offer(*job))
          return Candidate{job->facts.id, {side(), Rule::fair_share}};
      }
      if (!next_user()) return std::nullopt;
    }
  }

  bool next_user() {
    std::optional<FairQueues::Place> next;
    for (auto const& [row, end] : rows_) {
      if (row != end && (!next || *row < *next)) next = *row;
    }
    if (!next) return false;
    for (auto& [row, end] : rows_) {
      if (row != end && *row == *next) ++row;
    }
    if (tired()) {
      if (side() == everyone) outcome_.resume = *next;
      return false;
    }
    user_ = queues_.find_user(next->second);
    job_rows_.clear();
    for (auto const& [kind, jobs] : user_->jobs) {
      if (fits(kind)) job_rows_.emplace_back(jobs.begin(), jobs.end());
    }
    return true;
  }

  FairQueues::Job const* next_job() {  // the owner's order over the kinds that fit
    auto best = job_rows_.end();
    for (auto row = job_rows_.begin(); row != job_rows_.end(); ++row) {
      if (row->first != row->second && (best == job_rows_.end() || *row->first < *best->first)) best = row;
    }
    if (best == job_rows_.end()) return nullptr;
    FairQueues::Job const& job = queues_.at(best->first->id);
    ++best->first;
    return &job;
  }

  bool may_offer(FairQueues::Job const& job) {
    std::int64_t const id = job.facts.id;
    if (refused_.contains(id)) return false;
    SlaveCapacity const& facts = slave().facts;
    std::optional<PolicyReason> obstacle;
    if (std::int64_t const ms = tables_.attempts.expected_ms(id, facts); facts.limit_ms > 0 && ms > facts.limit_ms) {
      obstacle = {.rule = Rule::too_long, .number = ms, .job = id, .user = job.facts.user};
    } else if (auto const wait = faster_in(tables_, job, facts, {outcome_.held_for, outcome_.held_ms}, now_)) {
      if (outcome_.held_for != id) {
        outcome_.held_for = id;
        outcome_.held_ms = now_;
      }
      obstacle = {.rule = Rule::wait_for_faster, .number = *wait, .job = id, .user = job.facts.user};
    } else {
      return true;
    }
    refused_.insert(id);
    if (!obstacle_) obstacle_ = obstacle;
    return false;
  }

  FairQueues const& queues_;
  FairShareTables const& tables_;
  std::int64_t now_;
  FairSlaves::Slave nobody_;  // what is known of a slave that nobody told of
  FairSlaves::Slave const* slave_;
  SearchOutcome outcome_;
  std::vector<std::int64_t> kinds_;           // those that fit
  std::unordered_set<std::int64_t> refused_;  // jobs
  std::optional<PolicyReason> obstacle_;      // the first that is worth telling
  std::int64_t offered_ = 0;                  // the last candidate
  std::vector<Pass> passes_;
  std::size_t pass_ = 0;
  bool begun_ = false;
  std::vector<std::pair<FairQueues::Job const*, Rule>> early_;
  std::size_t early_at_ = 0;
  std::vector<Row<FairQueues::Place>> rows_;  // of users
  FairQueues::User const* user_ = nullptr;
  std::vector<Row<FairQueues::JobKey>> job_rows_;  // of that user
};

}  // namespace

std::unique_ptr<Candidates> search_jobs(FairShareTables const& tables, PolicySlave const& asking) {
  return std::make_unique<Search>(tables, asking);
}

}  // namespace distren
