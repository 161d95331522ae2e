#include "server/database/sql_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace distren {

namespace {

// The .sql files of a folder and of those in it, by name: the order does not change when a file moves to another
// folder.
Result<std::vector<std::filesystem::path>> list_sql(std::filesystem::path const& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, error);
       !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == ".sql") files.push_back(entry->path());
  }
  if (error) {
    return fail(Errc::not_found, fmt::format("cannot read {}: {}; is the sql folder of this version installed?",
                                             folder.string(), error.message()));
  }
  if (files.empty()) return fail(Errc::not_found, fmt::format("{} holds no .sql file", folder.string()));
  std::ranges::sort(files, {}, [](std::filesystem::path const& file) { return std::pair(file.filename(), file); });
  return files;
}

}  // namespace

Result<std::vector<Migration>> read_migrations(std::filesystem::path const& sql_dir) {
  auto const files = list_sql(sql_dir / "migrations");
  if (!files) return files.error();
  std::vector<Migration> migrations;
  for (auto const& file : *files) {
    std::string const name = file.filename().string();
    Migration migration;
    auto const number =
        std::from_chars(name.data(), name.data() + std::min<std::size_t>(4, name.size()), migration.version);
    int const expected = static_cast<int>(migrations.size()) + 1;
    if (number.ptr != name.data() + 4 || name[4] != '_' || migration.version != expected) {
      return fail(Errc::invalid,
                  fmt::format("{} should be migration {:04}_NAME.sql: numbers follow each other from 0001",
                              file.string(), expected));
    }
    auto text = read_file(file);
    if (!text) return text.error();
    migration.name = name;
    migration.text = std::move(*text);
    migrations.push_back(std::move(migration));
  }
  return migrations;
}

Result<std::vector<Procedure>> read_procedures(std::filesystem::path const& sql_dir) {
  auto const files = list_sql(sql_dir / "procedures");
  if (!files) return files.error();
  std::vector<Procedure> procedures;
  std::filesystem::path previous;
  for (auto const& file : *files) {
    if (file.filename() == previous.filename()) {
      return fail(Errc::invalid, fmt::format("{} and {} are the same procedure; remove the one that does not belong to "
                                             "this version",
                                             previous.string(), file.string()));
    }
    previous = file;
    auto text = read_file(file);
    if (!text) return text.error();
    procedures.push_back({file.stem().string(), file, std::move(*text)});
  }
  return procedures;
}

std::string digest_of(std::vector<Procedure> const& procedures) {
  Sha256 digest;
  for (Procedure const& procedure : procedures) {
    digest.update(fmt::format("{} {}\n", procedure.name, procedure.text.size()));
    digest.update(procedure.text);
  }
  return to_hex(digest.finish());
}

}  // namespace distren
