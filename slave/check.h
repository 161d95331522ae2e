// distren-slave --check: prints what works and what does not, with the way to mend it. 0 when all works. Main thread.
#pragma once

#include "slave/slave_config.h"

namespace distren {

int check_slave(SlaveConfig const& config);

}  // namespace distren
