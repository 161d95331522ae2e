// An order once more, with new addresses in place of those that expire: all else of it, its lease among it, stays as it
// was given. Dispatcher's thread only; times are UNIX ms.
#pragma once

#include <cstdint>
#include <string>

namespace distren {

namespace protocol {
struct Refresh;
}
struct DispatchCore;

// The answer to this slave: an order_update, or a cancel when the attempt is not wanted any more or never was its own.
std::string refreshed_order(DispatchCore& core, std::int64_t slave, protocol::Refresh const& asked, std::int64_t now);

}  // namespace distren
