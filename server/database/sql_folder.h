// The files under sql/, as migrate.h needs them: migrations/*.sql and procedures/SUBJECT/*.sql. Any thread; reads files
// only. Fails with not_found when a folder is missing or empty, invalid when names contradict each other.
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
  std::filesystem::path file;
  std::string text;
};

// By number; invalid when a number is missing or stands twice.
Result<std::vector<Migration>> read_migrations(std::filesystem::path const& sql_dir);

// By name, from every folder below procedures/; invalid when two folders have the same name in them.
Result<std::vector<Procedure>> read_procedures(std::filesystem::path const& sql_dir);

// SHA-256 of names and texts: the same set has the same digest, whatever folders it lies in.
std::string digest_of(std::vector<Procedure> const& procedures);

}  // namespace distren
