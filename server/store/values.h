// Arguments of procedures. Pure, any thread, no errors; the text must outlive the call, as with every SqlValue.
#pragma once

#include <optional>
#include <string_view>

#include "server/database/connection.h"

namespace distren::store {

inline SqlValue or_null(std::optional<std::string_view> text) {
  return text ? SqlValue(*text) : SqlValue(nullptr);
}

}  // namespace distren::store
