// Sends an e-mail by SMTP over libcurl; blocks for at most a minute. Any thread. Addresses and subject are sanitised,
// so that none can add a header. Errors: invalid, the server rejected it permanently (or an address is invalid);
// unavailable, a later try may succeed. Messages name the server, never credentials or the text.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct MailServer {
  std::string url;  // smtp://host:587 or smtps://host:465
  std::string user;
  std::string password;
  bool tls_required = true;
};

struct Mail {
  std::string from;
  std::string from_name;
  std::string to;
  std::string subject;
  std::string body;  // UTF-8, lines end with \n
  std::string id;    // unique; becomes the Message-ID at the sender's domain
  std::int64_t date_s = 0;
};

// All headers but those of MIME, one each, folded; no text of the mail can begin another.
std::vector<std::string> mail_headers(Mail const& mail);
Result<void> send_mail(MailServer const& server, Mail const& mail, std::atomic<bool> const* cancelled = nullptr);

}  // namespace distren
