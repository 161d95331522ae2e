// Until when each core of each slave has been paid: no hour of a core is paid twice, however results are held back,
// slots are said anew, or connections are made again. Kept for slaves that are gone, too. Times are UNIX milliseconds.
// Dispatcher's thread only.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "server/dispatch/lease.h"

namespace distren {

class PaidTime {
public:
  // Takes the time that a result is paid for: what its slave says (wall_ms, 0: nothing), and no longer than since its
  // order was signed and since the cores that it used were paid last. What it does not take stays for the next, so that
  // results which come together, after frames that waited on the slave, are each worth their own time. Returns ms.
  std::int64_t take(std::int64_t slave, AttemptTerms const& terms, std::int64_t given_ms, std::int64_t wall_ms,
                    std::int64_t now);

private:
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> paid_until_;  // slave -> of each core
};

}  // namespace distren
