// Which job a slave serves next. A pure part: no clock, no I/O, no randomness of its own, so that a simulator can
// drive the code that the server runs. Used on the dispatcher's thread only. Knows jobs that have ready tasks.
#pragma once

#include <cstdint>
#include <functional>

namespace distren {

struct PolicyJob {
  std::int64_t id = 0;
  std::int64_t user = 0;
  int priority = 50;  // 1 to 100, higher first; compared only among one owner's jobs
};

struct PolicySlave {
  std::int64_t id = 0;
  std::int64_t user = 0;
};

class Policy {
public:
  virtual ~Policy() = default;
  virtual void add_job(PolicyJob const& job) = 0;  // it has ready tasks now; adding it again updates it
  virtual void remove_job(std::int64_t job) = 0;   // it has none, is paused or gone; unknown ids are ignored
  // Offers jobs in the order in which this slave should serve them, until take returns true.
  virtual void choose(PolicySlave const& slave, std::function<bool(std::int64_t job)> const& take) = 0;
};

}  // namespace distren
