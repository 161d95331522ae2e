// What the commands about slaves share. Thread: main(). Errors: those of the session.
#pragma once

#include <cstdint>
#include <string>

#include "client/context.h"

namespace distren::client {

// "/api/v1/slaves/7", and "slave 7" for messages.
std::string slave_path(std::int64_t id);
std::string slave_name(std::int64_t id);

// The requested and the effective remote settings; "" when there are none.
std::string settings_text(Json const& slave);

// Adds blocks, block, unblock and edit below `distren slave`.
void add_slave_limit_commands(CLI::App& slave, Context& context);

}  // namespace distren::client
