// What is secret in a link to set a new password: derived from the server's key, so that nobody who reads the database
// can follow one. Pure, any thread, no errors.
#pragma once

#include <cstdint>
#include <string>

#include "server/storage/signer.h"

namespace distren {

// created_ms: UNIX time, of the database's row.
std::string reset_token(Signer const& signer, std::int64_t reset, std::int64_t created_ms);
// "ID/CREATED" of an outbox becomes "ID/TOKEN", as a page reads it; empty: it is no such text.
std::string reset_path(Signer const& signer, std::string const& code);

}  // namespace distren
