// FairShare: whose turn it is. A search looks and changes nothing: what follows from it comes with dispatched() or
// searched().
#include <algorithm>
#include <memory>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "server/dispatch/fair_share.h"
#include "server/economy/fixed_math.h"
#include "server/economy/points.h"

namespace distren {

namespace {

constexpr std::size_t refusals_at_once = 500;  // then the slave waits for its next turn, and the search goes on there
constexpr std::int64_t min_weight = 100;

}  // namespace

std::int64_t FairShare::weight(Side side, User const& user, Job const& job) const {
  if (side == everyone) return 1000;
  // Without rank of his own a user has exactly the priority that he pays for.
  if (user.weight == 0) return job.boost == 0 ? 0 : std::max(job.boost, min_weight);
  return user.weight * (1000 + job.boost) / 1000;
}

FairShare::Job const* FairShare::first_job(User const& user) const {
  std::optional<JobKey> first;
  for (auto const& [kind, jobs] : user.jobs) first = std::min(first.value_or(*jobs.begin()), *jobs.begin());
  return first ? &jobs_.at(first->id) : nullptr;
}

// One pass over the rows of a class: first jobs whose files the slave has, then users by their virtual time, and of
// each user the jobs in his own order. Rows are sorted, one for each kind that fits; they are merged while they are
// read, so that a choice costs as much as what it looks at.
class FairShare::Search : public Candidates {
public:
  Search(FairShare const& policy, PolicySlave const& asking)
      : policy_(policy), now_(asking.now_ms), nobody_{.facts = {.id = asking.id, .user = asking.user, .slots = 0}} {
    auto const known = policy.slaves_.find(asking.id);
    slave_ = known == policy.slaves_.end() ? nullptr : &known->second;
    outcome_.held_for = slave().held_for;
    outcome_.held_ms = slave().held_ms;
    outcome_.resume = slave().resume;
    for (auto const& [kind, count] : policy.kinds_) {
      if (!asking.fits || asking.fits(kind)) kinds_.push_back(kind);
    }
    if (outcome_.resume) passes_.push_back({everyone, true});  // everyone's row holds all jobs
    auto const& classes = policy.classes_;
    bool const contributors_first = classes[contributors].users > 0 && classes[contributors].v <= classes[everyone].v;
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
    } else if (policy_.kinds_.empty()) {
      outcome.reason = {.rule = Rule::no_work};
    } else {
      std::int64_t jobs = static_cast<std::int64_t>(refused_.size());
      for (auto const& [kind, count] : policy_.kinds_) jobs += fits(kind) ? 0 : count;
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

  [[nodiscard]] Slave const& slave() const { return slave_ == nullptr ? nobody_ : *slave_; }
  [[nodiscard]] bool tired() const { return refused_.size() >= refusals_at_once; }
  [[nodiscard]] bool fits(std::int64_t kind) const { return std::ranges::binary_search(kinds_, kind); }
  [[nodiscard]] Side side() const { return passes_[pass_].side; }

  void begin_pass() {
    begun_ = true;
    user_ = nullptr;
    rows_.clear();
    early_.clear();
    early_at_ = 0;
    auto const& queues = policy_.classes_[side()].queues;
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
      auto const found = policy_.jobs_.find(id);
      if (found == policy_.jobs_.end() || !found->second.queued || !fits(found->second.facts.kind)) continue;
      Job const& job = found->second;
      User const& user = policy_.users_.at(job.facts.user);
      std::int64_t const own = policy_.weight(side(), user, job);
      if (!user.in[side()] || own == 0) continue;
      Job const* const first = policy_.first_job(user);
      if (first->key.later != job.key.later || first->key.unboosted != job.key.unboosted) continue;
      std::int64_t const ahead = user.v[side()] - *behind;
      std::int64_t const room = std::max(policy_.longest_ - policy_.expected_work(job), std::int64_t{0});
      if (ahead > economy::scaled(room, 1'000'000, own)) continue;
      early_.emplace_back(&job, ahead > 0 || first != &job ? Rule::files_cached : Rule::fair_share);
    }
  }

  std::optional<Candidate> next_in_pass() {
    while (early_at_ < early_.size()) {
      auto const& [job, rule] = early_[early_at_++];
      if (may_offer(*job)) return Candidate{job->facts.id, {side(), rule}};
    }
    for (;;) {
      while (user_ != nullptr) {
        Job const* const job = tired() ? nullptr : next_job();
        if (job == nullptr)
          user_ = nullptr;
        else if (policy_.weight(side(), *user_, *job) > 0 && may_offer(*job))
          return Candidate{job->facts.id, {side(), Rule::fair_share}};
      }
      if (!next_user()) return std::nullopt;
    }
  }

  bool next_user() {
    std::optional<Key> next;
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
    user_ = &policy_.users_.at(next->second);
    job_rows_.clear();
    for (auto const& [kind, jobs] : user_->jobs) {
      if (fits(kind)) job_rows_.emplace_back(jobs.begin(), jobs.end());
    }
    return true;
  }

  Job const* next_job() {  // the owner's order over the kinds that fit
    auto best = job_rows_.end();
    for (auto row = job_rows_.begin(); row != job_rows_.end(); ++row) {
      if (row->first != row->second && (best == job_rows_.end() || *row->first < *best->first)) best = row;
    }
    if (best == job_rows_.end()) return nullptr;
    Job const& job = policy_.jobs_.at(best->first->id);
    ++best->first;
    return &job;
  }

  bool may_offer(Job const& job) {
    std::int64_t const id = job.facts.id;
    if (refused_.contains(id)) return false;
    SlaveCapacity const& facts = slave().facts;
    std::optional<PolicyReason> obstacle;
    if (std::int64_t const ms = policy_.expected_ms(job, facts); facts.limit_ms > 0 && ms > facts.limit_ms) {
      obstacle = {.rule = Rule::too_long, .number = ms, .job = id, .user = job.facts.user};
    } else if (auto const wait = policy_.faster_in(job, facts, outcome_.held_for, outcome_.held_ms, now_)) {
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

  FairShare const& policy_;
  std::int64_t now_;
  Slave nobody_;  // what is known of a slave that nobody told of
  Slave const* slave_ = nullptr;
  SearchOutcome outcome_;
  std::vector<std::int64_t> kinds_;           // those that fit
  std::unordered_set<std::int64_t> refused_;  // jobs
  std::optional<PolicyReason> obstacle_;      // the first that is worth telling
  std::int64_t offered_ = 0;                  // the last candidate
  std::vector<Pass> passes_;
  std::size_t pass_ = 0;
  bool begun_ = false;
  std::vector<std::pair<Job const*, Rule>> early_;
  std::size_t early_at_ = 0;
  std::vector<Row<Key>> rows_;  // of users
  User const* user_ = nullptr;
  std::vector<Row<JobKey>> job_rows_;  // of that user
};

std::unique_ptr<Candidates> FairShare::choose(PolicySlave const& asking) const {
  return std::make_unique<Search>(*this, asking);
}

void FairShare::searched(PolicySlave const& asking, SearchOutcome const& outcome) {
  Slave& slave =
      slaves_.try_emplace(asking.id, Slave{.facts = {.id = asking.id, .user = asking.user, .slots = 0}}).first->second;
  slave.held_for = outcome.held_for;
  slave.held_ms = outcome.held_ms;
  slave.resume = outcome.stopped ? std::nullopt : outcome.resume;
  if (!outcome.stopped) slave.reason = outcome.reason;
}

}  // namespace distren
