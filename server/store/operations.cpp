#include "server/store/operations.h"

#include "common/base/text.h"

namespace distren::store {

Result<std::int64_t> create_operation(Database& database, std::int64_t user, std::string_view kind,
                                      std::int64_t target) {
  std::int64_t id = 0;
  auto const done = database.call("operation_create", {user, kind, target == 0 ? SqlValue(nullptr) : SqlValue(target)},
                                  [&id](SqlRow const& row) { id = row.integer(0); });
  if (!done) return done.error();
  return id;
}

Result<Operation> show_operation(Database& database, std::int64_t id) {
  Operation found;
  auto const done = database.call("operation_show", {id}, [&found](SqlRow const& row) {
    found = {.id = row.integer(0),
             .user = row.integer(1),
             .kind = row.text(2),
             .state = row.text(3),
             .target = row.integer(4),
             .target_name = row.text(5),
             .result = row.text(6),
             .problem_code = row.text(7),
             .problem_detail = row.text(8),
             .created_at = row.text(9),
             .finished_at = row.text(10)};
  });
  if (!done) return done.error();
  return found;
}

Result<std::optional<Operation>> begin_operation(Database& database) {
  std::optional<Operation> begun;
  auto const done = database.call("operation_begin", {}, [&begun](SqlRow const& row) {
    begun.emplace();
    begun->id = row.integer(0);
    begun->kind = row.text(1);
    begun->target = row.integer(2);
    begun->tries = row.integer(3);
  });
  if (!done) return done.error();
  return begun;
}

Result<void> finish_operation(Database& database, std::int64_t id, std::string_view result) {
  return database.call("operation_finish",
                       {id, result.empty() ? SqlValue(nullptr) : SqlValue(result), nullptr, nullptr});
}

Result<void> fail_operation(Database& database, std::int64_t id, std::string_view code, std::string_view detail) {
  auto const kept = whole_characters(detail, 2000);
  return database.call("operation_finish", {id, nullptr, code, std::string_view(kept)});
}

Result<void> requeue_operations(Database& database) {
  return database.call("operation_requeue", {});
}

Result<void> trim_operations(Database& database) {
  return database.call("operation_trim", {});
}

}  // namespace distren::store
