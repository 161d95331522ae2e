// What the database tests share: a folder that goes with the test, the sql folder, and values for calls.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>

#include "server/standalone/private_mariadb.h"
#include "server/store/jobs.h"
#include "server/store/slaves.h"
#include "server/store/users.h"
#include "tests/support/check_main.h"

namespace distren {

inline std::filesystem::path sql_folder() {
  char const* const top = std::getenv("top_srcdir");
  return std::filesystem::path(top == nullptr ? "." : top) / "sql";
}

class TemporaryFolder {
public:
  TemporaryFolder() {
    char const* const base = std::getenv("TMPDIR");
    std::string name = std::string(base == nullptr ? "/tmp" : base) + "/distren-check.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(name.data()));
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  std::filesystem::path path;
};

// clang-format off
#define ck_assert_good(result)                                                                              \
  do {                                                                                                      \
    auto const& result_ = (result);                                                                         \
    ck_assert_msg(result_.has_value(), "failed: %s", result_.has_value() ? "" : result_.error().message.c_str()); \
  } while (0)

#define ck_assert_refused(result, expected, part)                                                           \
  do {                                                                                                      \
    auto const& result_ = (result);                                                                         \
    ck_assert_msg(!result_.has_value(), "was not refused");                                                 \
    ck_assert_msg(result_.error().code == (expected), "another error: %s", result_.error().message.c_str()); \
    std::string const part_ = (part);                                                                        \
    ck_assert_says(result_.error().message, part_.c_str());                                                          \
  } while (0)
// clang-format on

inline std::string hex_digest(char digit) {
  return std::string(64, digit);
}

// A user of this name with an uploaded scene, and the method blender.
inline std::int64_t make_person(Database& database, std::string_view name) {
  auto const user = store::create_user(database, name, "", "hash");
  ck_assert_good(user);
  ck_assert_good(store::ensure_method(database, "blender"));
  ck_assert_good(store::record_blob(database, user->id, hex_digest('a'), 10));
  return user->id;
}

inline store::NewJob new_job(int frames) {
  store::NewJob job;
  job.name = "a job";
  job.method = "blender";
  job.source = "scene.blend";
  job.parameters = R"({"samples":64})";
  job.output = R"({"format":"PNG"})";
  job.version = "3.4";
  job.warnings = "[]";
  job.files = {{"scene.blend", hex_digest('a'), 10}};
  job.frames.resize(static_cast<std::size_t>(frames));
  std::iota(job.frames.begin(), job.frames.end(), 1);
  return job;
}

// As a submission of its own, without a folder. Its number.
inline Result<std::int64_t> create_job(Database& database, std::int64_t user, store::NewJob job,
                                       std::int64_t project = 0) {
  store::NewSubmission const submission{
      .user = user, .project = project, .sequence = {}, .shot = {}, .jobs = {std::move(job)}};
  auto const created = store::create_submission(database, submission);
  if (!created) return created.error();
  auto const& only = created->front();
  if (auto const added = store::add_submission_tasks(database, submission.jobs.front(), only); !added)
    return added.error();
  auto const shown = store::complete_submission(database, only.job, "", "");
  return shown ? Result<std::int64_t>(only.job) : shown.error();
}

}  // namespace distren
