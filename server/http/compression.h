// gzip for what is sent as text. Never for an answer with a secret in it: its length would tell whoever can make a
// browser send requests, and see how long the answers are, what the secret begins with (BREACH). Any thread. No errors:
// what cannot be compressed is sent as it is.
#pragma once

#include <string_view>

#include "server/http/message.h"

namespace distren {

// Does this Accept-Encoding take gzip?
bool accepts_gzip(std::string_view accept_encoding);

// Would this answer be compressed for a request that takes it?
bool varies_by_encoding(Reply const& reply);

// Compresses the text of a good answer, if it has more than 1 KiB and the request takes it; says by Vary that the
// answer depends on it.
void compress_reply(Reply& reply, Request const& request);

}  // namespace distren
