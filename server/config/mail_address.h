// Which e-mail addresses and mail servers this server accepts. Pure functions, any thread. Errors: invalid, with what
// is wrong and what to write instead.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

// One that may stand in an SMTP envelope: plain ASCII, at most 254 characters.
bool is_mail_address(std::string_view text);

// The scheme is smtp or smtps and there is no login in it; without TLS it leads to this machine.
Result<void> check_mail_server(std::string const& url, bool tls_required);

// In lower case; invalid when it is no mail server's address.
Result<std::string> mail_server_host(std::string const& url);

}  // namespace distren
