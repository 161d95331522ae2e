#include "server/notify/mail_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/config/mail_address.h"

namespace distren {

namespace {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};

using List = std::unique_ptr<curl_slist, CurlDeleter>;

// RFC 2047, in words that end between characters; plain ASCII is unchanged.
std::string header_text(std::string_view text) {
  std::string clean;
  for (char const c : text) clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  if (std::ranges::all_of(clean, [](char c) { return static_cast<unsigned char>(c) < 0x80; }) && clean.size() < 60 &&
      clean.find("=?") == std::string::npos)
    return clean;
  std::string out;
  for (std::size_t at = 0; at < clean.size();) {
    std::size_t end = std::min(at + 42, clean.size());
    while (end < clean.size() && end > at + 1 && (static_cast<unsigned char>(clean[end]) & 0xC0U) == 0x80U) --end;
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", to_base64(clean.substr(at, end - at)));
    at = end;
  }
  return out;
}

std::string date_text(std::int64_t seconds) {
  std::time_t const time = seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  constexpr char const* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr char const* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", days[utc.tm_wday], utc.tm_mday, months[utc.tm_mon],
                     1900 + utc.tm_year, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

void append(List& list, std::string const& line) {
  auto* const longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) std::abort();  // no memory for a few hundred bytes
  static_cast<void>(list.release());
  list.reset(longer);
}

// The one part of the mail: its text, in base64, so that no line of it is too long or ends the mail.
std::unique_ptr<curl_mime, CurlDeleter> mime_of(CURL* handle, Mail const& mail) {
  std::string body;
  for (char const c : mail.body) body += c == '\n' ? std::string("\r\n") : std::string(1, c);
  std::unique_ptr<curl_mime, CurlDeleter> mime(curl_mime_init(handle));
  auto* const part = mime ? curl_mime_addpart(mime.get()) : nullptr;
  if (part == nullptr || curl_mime_data(part, body.data(), body.size()) != CURLE_OK ||
      curl_mime_type(part, "text/plain; charset=utf-8") != CURLE_OK || curl_mime_encoder(part, "base64") != CURLE_OK)
    std::abort();  // no memory for a few thousand bytes
  return mime;
}

int on_progress(void* cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return cancelled != nullptr && static_cast<std::atomic<bool> const*>(cancelled)->load() ? 1 : 0;
}

}  // namespace

std::vector<std::string> mail_headers(Mail const& mail) {
  auto const domain = mail.from.substr(mail.from.find('@') + 1);
  return {"Date: " + date_text(mail.date_s),
          fmt::format("From: {} <{}>", header_text(mail.from_name), mail.from),
          fmt::format("To: <{}>", mail.to),
          "Subject: " + header_text(mail.subject),
          fmt::format("Message-ID: <{}@{}>", mail.id, domain),
          "Auto-Submitted: auto-generated"};
}

Result<void> send_mail(MailServer const& server, Mail const& mail, std::atomic<bool> const* cancelled) {
  for (auto const& address : {mail.from, mail.to}) {
    if (!is_mail_address(address))
      return fail(Errc::invalid, fmt::format("'{}' is not an e-mail address", printable(address, 60)));
  }
  auto const host = mail_server_host(server.url);
  if (!host) return host.error();
  static bool const initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  std::unique_ptr<CURL, CurlDeleter> const handle(initialised ? curl_easy_init() : nullptr);
  if (!handle) std::abort();  // out of memory
  List to, headers;
  append(to, "<" + mail.to + ">");
  for (auto const& header : mail_headers(mail)) append(headers, header);
  auto const mime = mime_of(handle.get(), mail);
  std::string const from = "<" + mail.from + ">";
  auto* h = handle.get();
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_URL, server.url.c_str());
  curl_easy_setopt(h, CURLOPT_PROXY, "");
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
  curl_easy_setopt(h, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
  curl_easy_setopt(h, CURLOPT_USE_SSL, static_cast<long>(server.tls_required ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server.user.empty()) {
    curl_easy_setopt(h, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(h, CURLOPT_PASSWORD, server.password.c_str());
  }
  curl_easy_setopt(h, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to.get());
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(h, CURLOPT_MIMEPOST, mime.get());
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, 15L);
  curl_easy_setopt(h, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(h, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(cancelled));
  auto const code = curl_easy_perform(h);
  if (code == CURLE_OK) return {};
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(Errc::unavailable, "interrupted");
  long answer = 0;
  curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &answer);
  auto const what = fmt::format(
      "the mail server {} {}", *host,
      answer >= 400 ? fmt::format("said {}", answer) : fmt::format("did not take it: {}", curl_easy_strerror(code)));
  // 5xx is permanent, except for the login: that is the grid's own configuration and may be corrected.
  bool const for_good = answer >= 500 && answer < 600 && answer != 530 && answer != 535;
  return fail(for_good ? Errc::invalid : Errc::unavailable, what);
}

}  // namespace distren
