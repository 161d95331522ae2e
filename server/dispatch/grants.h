// What accepted frames are worth: the claims of each job's frames, from which fair values come, and the grants that
// wait for one. Points are millipoints; the formulas are those of economy/points.h, the database holds every grant to
// the same limits once more. Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/economy/points.h"
#include "server/store/points.h"

namespace distren {

// Who rendered what: the slave's method is there to correct its power once the fair value is known.
struct HeldClaim {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t frame = 0;
  std::int64_t user = 0;  // who rendered it
  std::int64_t claim = 0;
  std::int64_t slave = 0;  // 0: not known any more
};

struct SettledClaim {
  HeldClaim held;
  std::int64_t fair = 0;
  std::int64_t grant = 0;
};

class Grants {
public:
  // The value of a frame for whoever is `user`; nothing until three others have rendered some of the job.
  [[nodiscard]] std::optional<std::int64_t> fair_value(std::int64_t job, std::int64_t frame, std::int64_t user) const;

  // An accepted result of somebody else than the owner. Returns the held grants that it makes decidable.
  std::vector<SettledClaim> accepted(std::int64_t job, HeldClaim const& claim, bool held);

  void load_claim(std::int64_t job, economy::Sample const& sample);  // at start-up
  void load_held(std::int64_t job, HeldClaim const& held);
  void forget_job(std::int64_t job);  // it ended: the database settles what is still held

private:
  struct Job {
    // The latest claims, at most samples_kept, of one user at most samples_of_user: the nearest of them are near
    // enough, and a job of a million frames costs no more than a small one.
    std::vector<economy::Sample> samples;
    std::unordered_map<std::int64_t, int> of_user;  // user -> samples
    std::vector<HeldClaim> held;
  };
  static bool add(Job& job, economy::Sample const& sample);  // true: of a user who had none

  std::unordered_map<std::int64_t, Job> jobs_;
};

}  // namespace distren
