// Brings a database to the schema of this version: migrations in order, then the procedures, then the server's rights.
// Used by distren-migrate and by --standalone with the owner's connection; the server itself only calls check_schema.
// Safe to run from two places at once (GET_LOCK) and to run again after it was interrupted. Takes as long as it takes:
// give the owner's DatabaseAddress a generous answer_timeout_s. One thread, before any worker begins.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/database/connection.h"

namespace distren {

// The newest migration that this version knows.
inline constexpr int known_schema = 20;

// The schema need not exist yet. sql_dir holds migrations/, procedures/ and grants/.
Result<void> create_schema(DatabaseAddress owner);
Result<void> migrate(Database& owner, std::filesystem::path const& sql_dir);

// Creates the server's user or resets his password, and leaves him EXECUTE on the schema alone.
Result<void> grant_server(Database& owner, std::filesystem::path const& sql_dir, DatabaseAddress const& server,
                          std::string_view from_host = "localhost");

// conflict when database and program do not belong together; the message names both versions and the way out. With
// sql_dir also when the procedures are not the ones in it.
Result<void> check_schema(Database& database, std::filesystem::path const& sql_dir = {});

// One statement each, without the ';' and without what is only comment. Knows quotes and comments, no DELIMITER.
std::vector<std::string> split_statements(std::string_view sql);

}  // namespace distren
