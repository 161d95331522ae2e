// Two-level stride scheduling (doc/points.md): class, user, job. Contributors share 0.8 of the work by weight and
// boost, everyone with work shares 0.2 equally. Virtual time is work divided by weight; whoever is furthest behind
// comes first. Each choice and each ending is O(kinds * log n) in jobs and users; only the questions of people walk all
// users. Dispatcher's thread only. A job's estimate lives until forget_job, a user's virtual time as long as this
// object.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/dispatch/estimate.h"
#include "server/dispatch/policy.h"

namespace distren {

class FairShare : public Policy {
public:
  void add_job(PolicyJob const& job) override;
  void remove_job(std::int64_t job) override;
  void forget_job(std::int64_t job) override;
  void set_user(std::int64_t user, std::int64_t total_points) override;
  void set_boost(std::int64_t job, std::int64_t escrow) override;
  void set_slave(SlaveCapacity const& slave) override;

  [[nodiscard]] std::unique_ptr<Candidates> choose(PolicySlave const& slave) const override;
  void searched(PolicySlave const& slave, SearchOutcome const& outcome) override;
  [[nodiscard]] std::vector<std::int64_t> stragglers(PolicySlave const& slave) const override;
  [[nodiscard]] int run_length(std::int64_t job, std::int64_t slave) const override;

  void dispatched(PolicyAttempt const& attempt) override;
  void completed(std::int64_t attempt, PolicyResult const& result) override;
  void returned(std::int64_t attempt) override;

  [[nodiscard]] std::optional<std::int64_t> frame_ms(std::int64_t job, std::int64_t slave) const override;
  [[nodiscard]] std::int64_t boost_of(std::int64_t job) const override;
  [[nodiscard]] PolicyReason explain_job(std::int64_t job) const override;
  [[nodiscard]] PolicyReason explain_slave(std::int64_t slave) const override;
  [[nodiscard]] std::optional<Forecast> forecast(std::int64_t job, std::int64_t more_escrow,
                                                 std::int64_t now_ms) const override;

private:
  enum Side : int { contributors, everyone };
  using Rule = PolicyReason::Rule;
  using Key = std::pair<std::int64_t, std::int64_t>;  // virtual time or end, id

  struct JobKey {   // the owner's order
    int later = 0;  // 100 - priority
    bool unboosted = true;
    std::int64_t id = 0;
    auto operator<=>(JobKey const&) const = default;
  };
  struct Job {
    PolicyJob facts;
    JobKey key;
    bool queued = false;
    std::int64_t escrow = 0;
    std::int64_t boost = 0;  // thousandths
    JobEstimate estimate;
    std::int64_t rate = 0;           // power times threads at work on it
    std::set<Key> running;           // expected end, attempt: those that may be copied
    std::int64_t straggling_ms = 0;  // its key in stragglers_, 0: not there
  };
  struct User {
    std::int64_t weight = 0;                        // thousandths, 0: no contributor
    std::array<std::int64_t, 2> v{};                // virtual time in each class
    std::array<bool, 2> in{};                       // queued in that class
    std::map<std::int64_t, std::set<JobKey>> jobs;  // kind -> queued jobs, in the owner's order
    int boosted = 0;                                // queued jobs with a boost
  };
  struct Class {
    std::int64_t share = 0;  // thousandths
    std::int64_t v = 0;
    std::int64_t floor = 0;  // the highest virtual time of a turn
    std::size_t users = 0;
    std::unordered_map<std::int64_t, std::set<Key>> queues;  // kind -> virtual time, user
  };
  struct Slave {
    SlaveCapacity facts;
    std::vector<std::int64_t> recent{};  // jobs whose files it holds, latest first
    std::int64_t held_for = 0;           // job that it leaves to a faster slave
    std::int64_t held_ms = 0;            // since when
    std::optional<Key> resume{};         // a long row of refusals goes on here
    PolicyReason reason{};
    int working = 0;                     // attempts in its slots
    std::deque<std::int64_t> waiting{};  // attempts that it holds besides: their rate is 0 until a slot is free
  };
  struct Attempt {
    PolicyAttempt facts;
    std::int64_t user = 0;
    Side side = everyone;
    std::int64_t weight = 0;
    std::int64_t work = 0;  // as charged
    std::int64_t rate = 0;  // thousandths of a reference core
    std::int64_t end_ms = 0;
    std::int64_t duplicated_by = 0;
  };

  // Queues.
  void enter(Side side, std::int64_t id, User& user);
  void leave(Side side, std::int64_t id, User& user);
  void place(std::int64_t id, User& user);  // in the classes where it belongs now
  void move(Side side, std::int64_t id, User& user, std::int64_t by);
  void queue(Job& job);
  void unqueue(Job& job);
  void refresh_boost(Job& job);
  [[nodiscard]] std::optional<std::int64_t> least(Side side) const;
  [[nodiscard]] std::int64_t weight(Side side, User const& user, Job const& job) const;
  [[nodiscard]] Job const* first_job(User const& user) const;

  // A choice.
  class Search;
  [[nodiscard]] std::optional<std::int64_t> faster_in(Job const& job, SlaveCapacity const& slave, std::int64_t held_for,
                                                      std::int64_t held_ms, std::int64_t now_ms) const;

  // Attempts.
  void begin(Attempt& attempt, Job& job, Slave& slave);
  void leave_slave(Attempt const& attempt);
  void end(std::int64_t attempt, std::int64_t work);
  void begin_turn(Attempt const& attempt, User& user);
  void charge(Attempt const& attempt, std::int64_t work);
  void list_running(Attempt const& attempt, Job& job, bool listed);
  void refresh_straggler(Job& job);
  [[nodiscard]] std::int64_t expected_work(Job const& job) const;
  [[nodiscard]] std::int64_t expected_ms(Job const& job, SlaveCapacity const& slave) const;

  std::unordered_map<std::int64_t, Job> jobs_;
  std::unordered_map<std::int64_t, User> users_;
  std::unordered_map<std::int64_t, Slave> slaves_;
  std::unordered_map<std::int64_t, Attempt> attempts_;
  std::array<Class, 2> classes_{Class{.share = 800, .queues = {}}, Class{.share = 200, .queues = {}}};
  std::map<std::int64_t, std::int64_t> kinds_;  // kind -> queued jobs
  std::array<std::set<Key>, 40> ends_;          // by the logarithm of the slave's rate: expected end, attempt
  std::set<Key> stragglers_;                    // jobs without ready tasks: latest expected end, job
  GridEstimate grid_;
  std::int64_t slots_ = 0;
  std::int64_t rate_ = 0;  // power times threads times slots of all slaves
  std::int64_t duplicates_ = 0;
  std::int64_t longest_ = 0;  // work of the longest frame of late
};

}  // namespace distren
