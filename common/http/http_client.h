// A blocking HTTP client over libcurl; certificates are always verified, redirects never followed. One object keeps its
// connections open for reuse; one thread at a time may use it, it may move between threads. No limit on the duration of
// a transfer: connecting has a limit, and a transfer slower than `slowest` for `slow_for` ends. Any HTTP status is a
// Response. Errors, when no complete answer arrived: unavailable for the network or a cancellation, invalid for a
// request that must not be sent (bad URL, plain http to another host). Messages name the host, never the URL's query,
// headers or bodies. See download() in http_download.h, upload_by_tus() in tus_client.h; refusal() in http_error.h
// turns a Response into an Error.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace distren {

class HttpClient {
public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  struct Options {
    std::int64_t download_limit = 0;  // bytes/s of one transfer; 0: none
    std::int64_t upload_limit = 0;
    std::string ca_file;            // PEM; replaces the system's certificates when set
    std::string pinned_public_key;  // "sha256//BASE64", checked in addition to the certificate
    std::string user_agent = "distren";
    bool plain_http_anywhere = false;  // http:// to hosts other than this one: secrets are sent unencrypted
    // For untrusted URLs: connects only to public addresses, whatever a name resolves to, and without a proxy.
    bool public_only = false;
    std::chrono::seconds whole{0};  // maximum duration of one transfer; 0: no limit
    std::chrono::milliseconds connect_timeout{15000};
    long slowest = 1024;  // bytes/s
    std::chrono::seconds slow_for{30};
    std::atomic<bool> const* cancelled = nullptr;  // must outlive the client; true ends a transfer within a second
  };

  struct FilePart {
    std::string path;
    std::int64_t offset = 0;
    std::int64_t length = 0;
  };

  struct BasicLogin {
    std::string name;
    std::string password;
  };

  using Progress = std::function<void(std::int64_t bytes)>;

  struct Request {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;
    std::optional<FilePart> file = std::nullopt;  // sent as the body instead of `body`
    std::string bearer;                           // sent as Authorization: Bearer
    std::optional<BasicLogin> basic = std::nullopt;
    std::size_t answer_limit = 8U << 20U;  // maximum body kept in memory, bytes; a longer answer is an Error
    bool cut_answer = false;               // instead a longer one ends there, and its head is the Response
    Progress sent = nullptr;               // bytes of the body sent so far
  };

  struct Response {
    int status = 0;
    Headers headers;  // names in lower case; more than 64 KiB of them, interim answers included, are an Error
    std::string body;

    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
    [[nodiscard]] std::string header(std::string_view lower_case_name) const;  // empty when absent
  };

  // Receives the body of a 200 or 206 answer in pieces; an Error of either ends the transfer and is its result.
  struct Sink {
    std::function<Result<void>(Response const& head)> begin;
    std::function<Result<void>(std::string_view piece)> write;
  };

  HttpClient();
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  Result<Response> send(Request const& request);
  Result<Response> send(Request const& request, Sink const& sink);

  [[nodiscard]] bool cancelled() const;
  // Waits in slices, so that a cancellation is noticed; false when cancelled.
  [[nodiscard]] bool pause(std::chrono::milliseconds time) const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// scheme://host:port in lower case with the default port added. Errors: invalid, not an http(s) URL.
Result<std::string> url_origin(std::string const& url);

// The host's name or address in lower case, an IPv6 address without its brackets.
Result<std::string> url_host(std::string const& url);

// Resolves `reference` against `base`: an absolute URL, or a path from the root ("/api/v1/...").
Result<std::string> resolve_url(std::string const& base, std::string const& reference);

// The same for an untrusted reference. Errors: invalid, another scheme, host or port than `base`.
Result<std::string> resolve_within(std::string const& base, std::string const& reference);

// The same, where the origins of these URLs are allowed, too.
Result<std::string> resolve_within(std::string const& base, std::vector<std::string> const& origins,
                                   std::string const& reference);

// Percent-encodes everything but letters, digits and -._~ for use in a query or one path part.
std::string url_escape(std::string_view text);

}  // namespace distren
