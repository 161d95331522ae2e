#include "server/store/requests.h"

namespace distren::store {

Result<EarlierRequest> begin_idempotent(Database& database, std::int64_t user, std::string_view key,
                                        std::string_view request_sha256) {
  EarlierRequest earlier;
  auto const begun = database.call("idempotency_begin", {user, key, request_sha256}, [&](SqlRow const& row) {
    earlier = {row.text(0), row.integer(1)};
  });
  if (!begun) return begun.error();
  return earlier;
}

Result<void> finish_idempotent(Database& database, std::int64_t user, std::string_view key, std::string_view answer) {
  return database.call("idempotency_finish", {user, key, answer.empty() ? SqlValue(nullptr) : SqlValue(answer)});
}

Result<void> trim_idempotent(Database& database) {
  return database.call("idempotency_trim", {});
}

Result<void> expect_revision(Database& database, std::int64_t revision) {
  return database.call("revision_expect", {revision});
}

}  // namespace distren::store
