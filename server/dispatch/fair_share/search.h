// Whose turn it is: the jobs that a slave should serve, in order. A search looks and changes nothing; what follows from
// it comes with Policy::dispatched() or Policy::searched(). Good until the tables change, which must outlive it.
// Dispatcher's thread only.
#pragma once

#include <memory>

#include "server/dispatch/fair_share/tables.h"
#include "server/dispatch/policy.h"

namespace distren {

std::unique_ptr<Candidates> search_jobs(FairShareTables const& tables, PolicySlave const& asking);

}  // namespace distren
