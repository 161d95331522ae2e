// The files under sql/, as migrate.h needs them. Any thread; reads files only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct Migration {
  int version = 0;
  std::string name;  // the file's name
  std::string text;
};

struct Procedure {
  std::string name;  // the file's name without .sql, and the routine's
  std::string text;
};

// invalid when a number is missing or stands twice; not_found when there is no such folder.
Result<std::vector<Migration>> read_migrations(std::filesystem::path const& sql_dir);
Result<std::vector<Procedure>> read_procedures(std::filesystem::path const& sql_dir);

// SHA-256 of names and texts: the same set has the same digest.
std::string digest_of(std::vector<Procedure> const& procedures);

}  // namespace distren
