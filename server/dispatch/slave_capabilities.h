// What a slave reports of itself in its announce, and where messages to it go. Values; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/dispatch/blocks.h"
#include "server/store/slaves.h"

namespace distren {

namespace protocol {
struct Announce;
struct Goodbye;
}  // namespace protocol

// Where a slave's messages go: its connection or its HTTPS session. Called on the dispatcher's thread.
class SlaveSink {
public:
  virtual ~SlaveSink() = default;
  virtual void send(std::string line) = 0;  // one JSON object without newline
  virtual void close(protocol::Goodbye const& goodbye) = 0;
};

struct SlaveCapabilities {  // what an announce said
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string name;
  std::string software_name{};  // "distren-slave", as it signed on
  std::string software_version{};
  int cores = 0;
  int memory_mib = 0;
  int slots = 1;   // frames that it renders at once; 0: it wants no work
  int orders = 0;  // that it likes to hold, those in its slots among them
  [[nodiscard]] int room() const { return slots == 0 ? 0 : std::max(slots, orders); }
  std::string cpu;                                                                       // as it calls itself
  [[nodiscard]] int threads() const { return std::max(1, cores / std::max(1, slots)); }  // of one task
  std::vector<store::Method> methods;
  std::vector<std::string> gpus;
  std::int64_t max_frame_ms = 0;  // the longest that it lends itself for; 0: any
  Blocks blocks{};                // said by the slave itself
  std::string settings{};         // JSON: what holds there now; empty: it takes no remote settings
  std::vector<std::pair<std::int64_t, std::string>> holding;  // attempt, lease
};

SlaveCapabilities capabilities_of(protocol::Announce const& announce);  // without its sender

}  // namespace distren
