// Slaves whose machine failed frame after frame: three faults in a row, of frames of two owners at least, and a slave
// is offered nothing for 30 s, twice as long with each further one up to ten minutes; a good result ends it. One
// owner's frames alone never stop a slave, because a scene can be made to fail so. In memory, forgotten with the
// server. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace distren {

class SlaveFaults {
public:
  // A fault of its machine, with a frame of this owner. True: from now on it rests.
  bool failed(std::int64_t slave, std::int64_t owner, std::string const& reason, std::int64_t now);
  void worked(std::int64_t slave) { slaves_.erase(slave); }

  struct Rest {
    std::int64_t until_ms = 0;
    std::string reason;  // of the latest fault
  };
  [[nodiscard]] std::optional<Rest> resting(std::int64_t slave, std::int64_t now) const;

private:
  struct Faults {
    int count = 0;
    std::int64_t owner = 0;   // of the first frame
    bool of_several = false;  // owners
    Rest rest{};
  };
  std::unordered_map<std::int64_t, Faults> slaves_;
};

}  // namespace distren
