// distren-slave --check: prints what works and what does not, with the way to mend it. 0 when all of it works.
#pragma once

#include "slave/slave_config.h"

namespace distren {

int check_slave(SlaveConfig const& config);

}  // namespace distren
