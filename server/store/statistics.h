// What the grid and each user did, by the hour, the day or the week. The journal's batches write most of it
// (journal_write_statistics.sql); here is the rest. Worker threads; see users.h for the rules of this folder.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

struct StatisticRow {
  struct Level {  // of what was sampled
    std::int64_t sum = 0;
    std::int64_t most = 0;
  };
  std::int64_t at_s = 0;      // UNIX time, when the step begins
  std::int64_t frames = 0;    // accepted, of the user's slaves; so are the next four
  std::int64_t failures = 0;  // attempts that failed, were rejected or expired
  std::int64_t cpu_ms = 0;
  std::int64_t wall_ms = 0;
  std::int64_t points = 0;    // millipoints
  std::int64_t received = 0;  // accepted, of the user's jobs
  std::int64_t begun = 0;     // jobs of which a frame came for the first time
  std::int64_t wait_ms = 0;   // that these waited until that frame was begun, all together
  std::int64_t max_wait_ms = 0;
  std::int64_t samples = 0;                    // of user 0: of all minutes
  Level slaves{}, power{}, ready{}, leased{};  // power in thousandths of a reference core
};

struct UserStatus {  // what a user has in the grid now: slaves, and the frames of their own jobs
  std::int64_t user = 0;
  std::int64_t slaves = 0;  // online
  std::int64_t power = 0;   // of these slaves, thousandths of a reference core
  std::int64_t ready = 0;   // frames that wait
  std::int64_t leased = 0;  // frames that are being rendered
};

// One sample of all users, and of user 0, the grid.
Result<void> sample_statistics(Database&, std::vector<UserStatus> const& users);
// Sums days that are over up from their hours, and drops what is too old. To be called now and then.
Result<void> roll_statistics(Database&);
// Oldest first, from `after_s` on; step: hour, day or week. user 0: the grid.
Result<std::vector<StatisticRow>> list_statistics(Database&, std::int64_t user, std::int64_t after_s,
                                                  std::string_view step);

}  // namespace distren::store
