// Tells the dispatcher, and through it the slaves, which renderers the grid delivers: at the start and after each
// change. Worker threads and main. A database that is away is logged: the next change, or start, tells it.
#pragma once

#include <string>

#include "server/database/connection.h"
#include "server/dispatch/dispatcher.h"

namespace distren {

// public_key: of the grid, base64.
void tell_renderers(Database& database, Dispatcher& dispatcher, std::string const& public_key);

}  // namespace distren
