// RFC 3986 for one part of an address. Pure, any thread, no errors.
#pragma once

#include <string>
#include <string_view>

namespace distren {

// Everything but letters, digits and -._~ as %XX; '/' stays when keep_slashes, for whole paths.
std::string percent_encode(std::string_view text, bool keep_slashes = false);

}  // namespace distren
