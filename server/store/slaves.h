// Slaves and render methods. One function per stored procedure. Worker threads; see users.h for the folder's rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren::store {

enum class SlaveState { enabled, disabled, revoked };

// What a slave renders with. Its power belongs to all of it but the engines.
struct Method {
  std::string name;
  std::string version;
  std::string build{};   // SHA-256 of the archive that the grid delivers; empty: installed by the volunteer
  std::string device{};  // empty: the processor
  std::vector<std::string> engines{};  // that rendered there; empty: not known
  bool fetched = true;                 // false: it may be delivered, and is not there yet
  [[nodiscard]] bool same_renderer(Method const& other) const {
    return name == other.name && version == other.version && build == other.build && device == other.device;
  }
};

// With what one of its cores does then, in thousandths of the reference core.
struct MeasuredMethod {
  Method method;
  int benchmark = 0;           // 0: never measured
  int power = 0;               // corrected after each accepted result
  std::string benchmarked_at;  // UTC, ISO 8601; empty: never
};

struct Slave {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string user_name;
  std::string name;
  std::string slavekey;
  SlaveState state = SlaveState::enabled;
  std::string os;
  std::string cpu;
  int cores = 0;
  int memory_mib = 0;
  std::vector<MeasuredMethod> methods;
  std::string created_at;
  std::string last_seen_at;  // empty: never; UTC, ISO 8601
  std::int64_t frames_accepted = 0;
  std::string address;  // of the last sign-on
  std::vector<std::string> gpus;
  std::string remote_settings;  // JSON, set by the owner; empty: none
  std::int64_t revision = 0;    // raised by each change by hand
};

struct SlaveIdentity {
  std::int64_t id = 0;
  std::int64_t user = 0;
  std::string name;
  std::string password_hash;  // 32 bytes SHA-256 of the slavepassword
  SlaveState state = SlaveState::enabled;
  std::string remote_settings;  // as in Slave
  bool owner_blocked = false;
};

struct SlaveBlock {  // work that a slave's owner keeps from it
  std::int64_t slave = 0;
  std::string kind;  // user, project or job
  std::int64_t target = 0;
  std::string name;  // of the target; empty: of others' projects and jobs
};

Result<std::int64_t> create_slave(Database&, std::int64_t user, std::string_view name, std::string_view slavekey,
                                  std::string_view password_hash);
// not_found: unknown slavekey. The caller compares the hash in constant time and answers both failures alike.
Result<SlaveIdentity> find_slave(Database&, std::string_view slavekey);
Result<Slave> show_slave(Database&, std::int64_t slave);
// Newest first; user 0 lists everybody's; ids below `before` (0: from the start).
Result<std::vector<Slave>> list_slaves(Database&, std::int64_t user, std::int64_t before, int limit);
Result<void> rename_slave(Database&, std::int64_t slave, std::string_view name);
Result<void> change_slave_state(Database&, std::int64_t slave, SlaveState state);
Result<void> change_slave_password(Database&, std::int64_t slave, std::string_view password_hash);

// Whether it is new. kind: user, project or job, of which target is the number; not_found: there is none.
Result<bool> add_block(Database&, std::int64_t slave, std::string_view kind, std::int64_t target);
Result<void> delete_block(Database&, std::int64_t slave, std::string_view kind, std::int64_t target);
Result<std::vector<SlaveBlock>> list_blocks(Database&, std::int64_t slave);
inline Result<std::vector<SlaveBlock>> load_blocks(Database& database) {
  return list_blocks(database, 0);
}
// remote_settings: JSON; empty: none.
Result<void> change_remote_settings(Database&, std::int64_t slave, std::string_view settings);

struct SlaveHello {
  std::string os;
  std::string cpu;
  int cores = 0;
  int memory_mib = 0;
  std::vector<Method> methods;
  std::vector<std::string> gpus;
  std::string address;
};
Result<void> record_hello(Database&, std::int64_t slave, SlaveHello const& hello);

// Called at start-up for every definition under methods/; creates what is new.
Result<void> ensure_method(Database&, std::string_view name);

}  // namespace distren::store
