// The slaves that are here, which of them would take more work, and what their owners block, here or not. Dispatcher's
// thread only. References are good until the slave is erased.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

#include "server/dispatch/slave_capabilities.h"

namespace distren {

struct ConnectedSlave {
  SlaveCapabilities state;
  std::string instance;
  std::shared_ptr<SlaveSink> sink;  // shared with its connection, which may end first
  std::uint64_t session = 0;        // another for each connection
  std::set<std::int64_t> attempts;
  std::int64_t seen_ms = 0;
  std::int64_t probed_ms = 0;    // a second instance asked for this place; 0: nobody did
  bool greeted = false;          // an announce came
  bool takes_renderers = false;  // as it signed on
  std::int64_t refused = 0;      // the job that came first and that it may not have; 0: none when last asked
};

class SlaveTable {
public:
  [[nodiscard]] ConnectedSlave* find(std::int64_t slave) {
    auto const found = slaves_.find(slave);
    return found == slaves_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] ConnectedSlave const* find(std::int64_t slave) const {
    auto const found = slaves_.find(slave);
    return found == slaves_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] ConnectedSlave const& at(std::int64_t slave) const { return slaves_.at(slave); }
  [[nodiscard]] bool contains(std::int64_t slave) const { return slaves_.contains(slave); }
  [[nodiscard]] auto begin() const { return slaves_.begin(); }
  [[nodiscard]] auto end() const { return slaves_.end(); }
  [[nodiscard]] std::size_t size() const { return slaves_.size(); }
  [[nodiscard]] bool empty() const { return slaves_.empty(); }

  ConnectedSlave& add(std::int64_t slave) { return slaves_[slave]; }  // or the one that is there
  void erase(std::int64_t slave) {
    slaves_.erase(slave);
    idle.erase(slave);
  }

  std::uint64_t latest_session = 0;
  std::set<std::int64_t> idle;                            // with a free slot
  std::int64_t last_asked = 0;                            // of the idle ones that are asked a few at a time
  std::unordered_map<std::int64_t, Blocks> owner_blocks;  // those without any are not in it

private:
  std::unordered_map<std::int64_t, ConnectedSlave> slaves_;
};

}  // namespace distren
