#include "server/store/slaves.h"

#include <nlohmann/json.hpp>

#include "common/base/json_text.h"

namespace distren::store {

namespace {

constexpr std::string_view state_names[] = {"enabled", "disabled", "revoked"};

SlaveState parse_slave_state(std::string_view name) {
  if (name == "enabled") return SlaveState::enabled;
  return name == "disabled" ? SlaveState::disabled : SlaveState::revoked;
}

// [[name, version, build, device, engines, fetched, benchmark, power, benchmarked_at]...], or "" for a slave that never
// said hello.
std::vector<MeasuredMethod> parse_methods(std::string const& text) {
  std::vector<MeasuredMethod> methods;
  auto const list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return methods;
  for (auto const& one : list) {
    auto const engines = nlohmann::json::parse(one.at(4).get<std::string>(), nullptr, false);
    auto const& measured = one.at(8);
    methods.push_back({.method = {.name = one.at(0).get<std::string>(),
                                  .version = one.at(1).get<std::string>(),
                                  .build = one.at(2).get<std::string>(),
                                  .device = one.at(3).get<std::string>(),
                                  .engines = engines.is_array() ? engines.get<std::vector<std::string>>()
                                                                : std::vector<std::string>(),
                                  .fetched = one.at(5).get<int>() != 0},
                       .benchmark = one.at(6).get<int>(),
                       .power = one.at(7).get<int>(),
                       .benchmarked_at = measured.is_string() ? measured.get<std::string>() : std::string()});
  }
  return methods;
}

Slave read_slave(SqlRow const& row) {
  Slave slave;
  slave.id = row.integer(0);
  slave.user = row.integer(1);
  slave.user_name = row.text(2);
  slave.name = row.text(3);
  slave.slavekey = row.text(4);
  slave.state = parse_slave_state(row.text(5));
  slave.os = row.text(6);
  slave.cpu = row.text(7);
  slave.cores = static_cast<int>(row.integer(8));
  slave.memory_mib = static_cast<int>(row.integer(9));
  slave.methods = parse_methods(row.text(10));
  slave.created_at = row.text(11);
  slave.last_seen_at = row.text(12);
  slave.frames_accepted = row.integer(13);
  slave.address = row.text(14);
  if (auto const gpus = nlohmann::json::parse(row.text(15), nullptr, false); gpus.is_array()) slave.gpus = gpus;
  slave.remote_settings = row.text(16);
  slave.revision = row.integer(17);
  return slave;
}

}  // namespace

Result<std::int64_t> create_slave(Database& database, std::int64_t user, std::string_view name,
                                  std::string_view slavekey, std::string_view password_hash) {
  std::int64_t id = 0;
  auto const created = database.call("slave_create", {user, name, slavekey, password_hash},
                                     [&](SqlRow const& row) { id = row.integer(0); });
  if (!created) return created.error();
  return id;
}

Result<SlaveIdentity> find_slave(Database& database, std::string_view slavekey) {
  SlaveIdentity identity;
  auto const found = database.call("slave_find", {slavekey}, [&](SqlRow const& row) {
    identity = {row.integer(0), row.integer(1),     row.text(2), row.text(3), parse_slave_state(row.text(4)),
                row.text(5),    row.integer(6) != 0};
  });
  if (!found) return found.error();
  return identity;
}

Result<Slave> show_slave(Database& database, std::int64_t slave) {
  Slave found;
  auto const shown = database.call("slave_show", {slave}, [&](SqlRow const& row) { found = read_slave(row); });
  if (!shown) return shown.error();
  return found;
}

Result<std::vector<Slave>> list_slaves(Database& database, std::int64_t user, std::int64_t before, int limit) {
  std::vector<Slave> slaves;
  auto const listed = database.call("slave_list", {user, before, std::int64_t{limit}},
                                    [&](SqlRow const& row) { slaves.push_back(read_slave(row)); });
  if (!listed) return listed.error();
  return slaves;
}

Result<void> rename_slave(Database& database, std::int64_t slave, std::string_view name) {
  return database.call("slave_rename", {slave, name});
}

Result<void> change_slave_state(Database& database, std::int64_t slave, SlaveState state) {
  return database.call("slave_state_change", {slave, state_names[static_cast<std::size_t>(state)]});
}

Result<void> change_slave_password(Database& database, std::int64_t slave, std::string_view password_hash) {
  return database.call("slave_password_change", {slave, password_hash});
}

Result<bool> add_block(Database& database, std::int64_t slave, std::string_view kind, std::int64_t target) {
  bool is_new = false;
  auto const added =
      database.call("slave_block_add", {slave, kind, target}, [&](SqlRow const& row) { is_new = row.integer(0) != 0; });
  if (!added) return added.error();
  return is_new;
}

Result<void> delete_block(Database& database, std::int64_t slave, std::string_view kind, std::int64_t target) {
  return database.call("slave_block_delete", {slave, kind, target});
}

Result<std::vector<SlaveBlock>> list_blocks(Database& database, std::int64_t slave) {
  std::vector<SlaveBlock> blocks;
  auto const listed = database.call("slave_block_list", {slave}, [&](SqlRow const& row) {
    blocks.push_back({row.integer(0), row.text(1), row.integer(2), row.text(3)});
  });
  if (!listed) return listed.error();
  return blocks;
}

Result<void> change_remote_settings(Database& database, std::int64_t slave, std::string_view settings) {
  return database.call("slave_remote_settings_change", {slave, settings});
}

Result<void> record_hello(Database& database, std::int64_t slave, SlaveHello const& hello) {
  nlohmann::json list = nlohmann::json::array();
  for (Method const& method : hello.methods)
    list.push_back({method.name, method.version, method.build, method.device,
                    method.engines.empty() ? std::string() : to_text(nlohmann::json(method.engines)),
                    method.fetched ? 1 : 0});
  std::string const methods = to_text(list);
  std::string const gpus = hello.gpus.empty() ? std::string() : to_text(nlohmann::json(hello.gpus));
  return database.call("slave_hello",
                       {slave, std::string_view(hello.os), std::string_view(hello.cpu), std::int64_t{hello.cores},
                        std::int64_t{hello.memory_mib}, std::string_view(methods), std::string_view(gpus),
                        std::string_view(hello.address)});
}

Result<void> ensure_method(Database& database, std::string_view name) {
  return database.call("method_ensure", {name});
}

}  // namespace distren::store
