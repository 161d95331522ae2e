// The state of fair share, each part with its own rules. Owned by FairShare; searches and questions read it. A search
// is good until anything here changes. Dispatcher's thread only.
#pragma once

#include "server/dispatch/fair_share/attempts.h"
#include "server/dispatch/fair_share/queues.h"
#include "server/dispatch/fair_share/slaves.h"

namespace distren {

struct FairShareTables {
  FairQueues queues{};
  FairSlaves slaves{};
  FairAttempts attempts{queues, slaves};
};

}  // namespace distren
