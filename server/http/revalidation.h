// Conditional requests for answers that are text: an ETag from the digest of what is sent, and 304 for a request whose
// If-None-Match has it. Weak, because gzip sends the same text in other bytes. Files have theirs (file_reply.h). Any
// thread. No errors.
#pragma once

#include "server/http/message.h"

namespace distren {

// Of a good answer to GET or HEAD that is not yet compressed and has no tag of its own.
void revalidate_reply(Reply& reply, Request const& request);

}  // namespace distren
