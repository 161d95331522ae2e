#include "server/store/requests.h"

namespace distren::store {

Result<EarlierRequest> begin_idempotent(Database& database, std::int64_t user, std::string_view key,
                                        std::string_view request_sha256) {
  EarlierRequest earlier;
  auto const begun = database.call("idempotency_begin", {user, key, request_sha256}, [&](SqlRow const& row) {
    earlier = {row.text(0), row.integer(1)};
  });
  if (!begun) return begun.error();
  if (!earlier.done()) database.keep_connection(true);
  return earlier;
}

Result<void> finish_idempotent(Database& database, std::int64_t user, std::string_view key, std::string_view answer) {
  database.keep_connection(false);
  return database.call("idempotency_finish", {user, key, answer.empty() ? SqlValue(nullptr) : SqlValue(answer)});
}

Result<void> trim_idempotent(Database& database) {
  return database.call("idempotency_trim", {});
}

Result<void> expect_revision(Database& database, std::string_view kind, std::int64_t id, std::int64_t revision) {
  auto set = database.call("revision_expect", {kind, id, revision});
  if (set) database.keep_connection(true);
  return set;
}

Result<void> accept_any_revision(Database& database) {
  database.keep_connection(false);
  return database.call("revision_expect", {std::string_view(), std::int64_t{0}, std::int64_t{0}});
}

Result<void> check_job_revision(Database& database, std::int64_t job) {
  return database.call("job_revision_check", {job});
}

}  // namespace distren::store
