#include "server/store/statistics.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace distren::store {

namespace {

constexpr std::size_t samples_at_once = 5000;  // rows of some 50 bytes, far below the database's largest packet

nlohmann::json sample_of(UserStatus const& user) {
  return {user.user, user.slaves, user.power, user.ready, user.leased};
}

StatisticRow::Level read_level(SqlRow const& row, unsigned column) {
  return {row.integer(column), row.integer(column + 1)};
}

}  // namespace

Result<void> sample_statistics(Database& database, std::vector<UserStatus> const& users) {
  UserStatus grid;
  for (auto const& user : users) {
    grid.slaves += user.slaves;
    grid.power += user.power;
    grid.ready += user.ready;
    grid.leased += user.leased;
  }
  auto rows = nlohmann::json::array({sample_of(grid)});
  for (auto const& user : users) {
    if (user.user <= 0) continue;
    rows.push_back(sample_of(user));
    if (rows.size() < samples_at_once) continue;
    if (auto done = database.call("statistic_sample", {std::string_view(rows.dump())}); !done) return done;
    rows = nlohmann::json::array();
  }
  if (rows.empty()) return {};
  return database.call("statistic_sample", {std::string_view(rows.dump())});
}

Result<void> roll_statistics(Database& database) {
  return database.call("statistic_roll", {});
}

Result<std::vector<StatisticRow>> list_statistics(Database& database, std::int64_t user, std::int64_t after_s,
                                                  std::string_view step) {
  std::vector<StatisticRow> rows;
  auto const listed = database.call("statistic_list", {user, after_s, step}, [&](SqlRow const& row) {
    rows.push_back({.at_s = row.integer(0),
                    .frames = row.integer(1),
                    .failures = row.integer(2),
                    .cpu_ms = row.integer(3),
                    .wall_ms = row.integer(4),
                    .points = row.integer(5),
                    .received = row.integer(6),
                    .begun = row.integer(7),
                    .wait_ms = row.integer(8),
                    .max_wait_ms = row.integer(9),
                    .samples = row.integer(10),
                    .slaves = read_level(row, 11),
                    .power = read_level(row, 13),
                    .ready = read_level(row, 15),
                    .leased = read_level(row, 17)});
  });
  if (!listed) return listed.error();
  return rows;
}

}  // namespace distren::store
