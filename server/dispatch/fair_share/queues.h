// Who waits where: stride scheduling in two classes (doc/points.md). Contributors share 0.8 of the work by weight and
// boost, everyone with work shares 0.2 equally. Virtual time is work divided by weight; whoever is furthest behind
// comes first. Owned by FairShareTables; a user's virtual time lives as long. Dispatcher's thread only. Each change
// is O(kinds * log n) in jobs and users. Work is millipoints, weights and boosts are thousandths.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "server/dispatch/policy.h"

namespace distren {

class FairQueues {
public:
  enum Side : int { contributors, everyone };
  using Place = std::pair<std::int64_t, std::int64_t>;  // virtual time, user

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
    std::int64_t boost = 0;
  };
  struct User {
    std::int64_t weight = 0;                        // 0: no contributor
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
    std::unordered_map<std::int64_t, std::set<Place>> queues;  // kind -> users
  };

  // frame_work: what one of its frames is expected to cost.
  void add(PolicyJob const& facts, std::int64_t frame_work);
  bool remove(std::int64_t job);  // it has nothing ready; false: it is not known
  void forget(std::int64_t job);
  void set_user(std::int64_t user, std::int64_t total_points);
  void set_boost(std::int64_t job, std::int64_t escrow, std::int64_t frame_work);

  // A user's turn in a class: who could not be served for long gets at most `lag` of virtual time back.
  void begin_turn(Side side, std::int64_t user, std::int64_t lag);
  // work may be negative: it was charged too much before.
  void charge(Side side, std::int64_t user, std::int64_t weight, std::int64_t work);

  [[nodiscard]] Job const* find(std::int64_t job) const;
  [[nodiscard]] Job const& at(std::int64_t job) const { return jobs_.at(job); }
  [[nodiscard]] User const* find_user(std::int64_t user) const;
  [[nodiscard]] User const& user_of(Job const& job) const { return users_.at(job.facts.user); }
  [[nodiscard]] std::unordered_map<std::int64_t, User> const& users() const { return users_; }
  [[nodiscard]] Class const& in(Side side) const { return classes_[side]; }
  [[nodiscard]] std::map<std::int64_t, std::int64_t> const& kinds() const { return kinds_; }  // kind -> queued jobs

  // The virtual time of the one furthest behind; nothing: nobody waits.
  [[nodiscard]] std::optional<std::int64_t> least(Side side) const;
  [[nodiscard]] static std::int64_t weight(Side side, User const& user, std::int64_t boost);
  [[nodiscard]] std::int64_t weight(Side side, Job const& job) const;  // of its owner with this job
  [[nodiscard]] Job const* first_job(User const& user) const;          // nullptr: none waits

private:
  void enter(Side side, std::int64_t id, User& user);
  void leave(Side side, std::int64_t id, User& user);
  void place(std::int64_t id, User& user);  // in the classes where it belongs now
  void move(Side side, std::int64_t id, User& user, std::int64_t by);
  void queue(Job& job);
  void take_out(Job& job);
  void unqueue(Job& job);
  [[nodiscard]] Class& other_than(Side side) { return classes_[side == everyone ? contributors : everyone]; }

  std::unordered_map<std::int64_t, Job> jobs_;
  std::unordered_map<std::int64_t, User> users_;
  std::array<Class, 2> classes_{Class{.share = 800, .queues = {}}, Class{.share = 200, .queues = {}}};
  std::map<std::int64_t, std::int64_t> kinds_;
};

}  // namespace distren
