#include "server/config/mail_address.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/text.h"

namespace distren {

namespace {

struct MailPlace {
  std::string scheme;
  std::string host;
};

Result<MailPlace> parse_place(std::string const& text) {
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> const url(curl_url(), &curl_url_cleanup);
  auto const part = [&url](CURLUPart which) {
    char* found = nullptr;
    if (curl_url_get(url.get(), which, &found, 0) != CURLUE_OK || found == nullptr) return std::string();
    std::string out(found);
    curl_free(found);
    return out;
  };
  if (!url || text.size() > 1000 || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return fail(Errc::invalid, "it is no address of a mail server; say smtp://host:587 or smtps://host:465");
  MailPlace place{lower_case(part(CURLUPART_SCHEME)), lower_case(part(CURLUPART_HOST))};
  if (place.scheme != "smtp" && place.scheme != "smtps")
    return fail(Errc::invalid,
                fmt::format("{}:// sends no mail; say smtp://host:587 or smtps://host:465", place.scheme));
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty())
    return fail(Errc::invalid, "it carries a name or password; say mail.user and mail.password_file instead");
  return place;
}

bool is_this_machine(std::string const& host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace

bool is_mail_address(std::string_view text) {
  auto const at = text.find('@');
  if (text.size() > 254 || at == 0 || at == text.npos || at > 64 || at + 1 == text.size()) return false;
  auto const fits = [](std::string_view part, std::string_view others) {
    return std::ranges::all_of(part, [others](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             others.find(c) != others.npos;
    });
  };
  auto const domain = text.substr(at + 1);
  return fits(text.substr(0, at), ".!#$%&'*+/=?^_`{|}~-") && fits(domain, ".-") && domain.front() != '.' &&
         domain.back() != '.';
}

Result<void> check_mail_server(std::string const& url, bool tls_required) {
  auto const place = parse_place(url);
  if (!place) return place.error();
  if (!tls_required && !is_this_machine(place->host))
    return fail(Errc::invalid, "without TLS mail goes to this machine alone; leave mail.tls = \"required\"");
  return {};
}

Result<std::string> mail_server_host(std::string const& url) {
  auto place = parse_place(url);
  if (!place) return place.error();
  return std::move(place->host);
}

}  // namespace distren
