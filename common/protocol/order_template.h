// The members of a job's orders that are the same in all of them, as text: written once, not with each of ten thousand
// orders a second. Made and used by the functions of order.h. Pure, any thread.
#pragma once

#include <string>

namespace distren::protocol {

struct OrderTemplate {
  std::string text{};  // between the type and lease_ms
};

}  // namespace distren::protocol
