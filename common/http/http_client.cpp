#include "common/http/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <thread>

#include "common/base/files.h"
#include "common/base/text.h"
#include "common/http/public_address.h"

namespace distren {
namespace {

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};

struct Url {
  std::string scheme;
  std::string host;
  std::string port;
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::unique_ptr<char, CurlDeleter> const owner(text);
  return text;
}

// What stands before '?' and '#': the part of a URL that may be shown.
std::string shown(std::string const& url) {
  return url.substr(0, std::min(url.find_first_of("?#"), std::size_t{200}));
}

Result<Url> parse_url(std::string const& text) {
  std::unique_ptr<CURLU, CurlDeleter> const url(curl_url());
  if (!url || text.size() > 8192 || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
    return fail(Errc::invalid,
                fmt::format("'{}' is not a web address; it should look like https://host:8443", shown(text)));
  Url out{lower_case(part_of(url.get(), CURLUPART_SCHEME)), lower_case(part_of(url.get(), CURLUPART_HOST)),
          part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (out.scheme != "https" && out.scheme != "http")
    return fail(Errc::invalid, fmt::format("'{}://' addresses are not supported; use https://", out.scheme));
  if (!part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_PASSWORD).empty())
    return fail(Errc::invalid, fmt::format("the address of {} carries a user name or password; secrets never stand "
                                           "in an address, log in instead",
                                           out.host));
  return out;
}

bool is_this_machine(std::string const& host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24U) == 127;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos;
}

// What went wrong and what to do, in curl's place: its own texts may quote the URL.
std::string explain(CURLcode code, std::string const& where, HttpClient::Options const& options, char const* detail) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return fmt::format("the name of {} cannot be found; check the address and the network", where);
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the name of the proxy cannot be found; check https_proxy and http_proxy";
    case CURLE_COULDNT_CONNECT:
      return fmt::format("no connection to {}; check that the server runs and that the port is right", where);
    case CURLE_OPERATION_TIMEDOUT:
      return fmt::format("{} was silent or slower than {} bytes/s for {} s; try again later", where, options.slowest,
                         options.slow_for.count());
    case CURLE_PEER_FAILED_VERIFICATION:
      return fmt::format(
          "the certificate of {} is not trusted ({}); for a grid with its own certificate name its CA "
          "file",
          where, detail);
    case CURLE_SSL_CACERT_BADFILE:
      return fmt::format("the CA file '{}' cannot be read as PEM certificates; check its path and contents",
                         options.ca_file);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return fmt::format("the public key of {} is not the pinned one; ask its operator before you trust the new key",
                         where);
    case CURLE_SSL_CONNECT_ERROR:
      return fmt::format("{} does not speak TLS as expected ({}); check the port, and http against https", where,
                         detail);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return fmt::format("the connection to {} was cut before the answer was complete; try again", where);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return fmt::format("{} does not answer like a web server; check the port", where);
    default:
      return fmt::format("the transfer with {} failed: {}", where, curl_easy_strerror(code));
  }
}

constexpr std::size_t longest_head = 64U << 10U;  // bytes: interim answers, headers and trailers together

struct Transfer {
  HttpClient::Request const& request;
  HttpClient::Sink const* sink = nullptr;
  std::atomic<bool> const* cancelled = nullptr;
  HttpClient::Response response{};
  std::optional<Error> error{};
  bool begun = false;
  std::size_t head_bytes = 0;
  bool cut = false;  // the answer was longer than is read
  int file = -1;
  std::int64_t position = 0;
};

bool takes_body(Transfer const& t) {
  return t.sink != nullptr && (t.response.status == 200 || t.response.status == 206);
}

bool begin(Transfer& t) {
  if (t.begun || !takes_body(t)) return true;
  t.begun = true;
  auto begun = t.sink->begin(t.response);
  if (!begun) t.error = begun.error();
  return begun.has_value();
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  std::string_view line(data, size * count);
  t.head_bytes += line.size();
  if (t.head_bytes > longest_head) {
    t.error =
        fail(Errc::unavailable,
             fmt::format("the server's answer has more than {} bytes of headers; check the address", longest_head));
    return 0;
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // a new head: the one before was an interim answer
    t.response = {};
    auto const space = line.find(' ');
    if (space != line.npos) t.response.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
  } else if (auto const colon = line.find(':'); colon != line.npos) {
    auto value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    t.response.headers.emplace_back(lower_case(line.substr(0, colon)), value);
  }
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  auto const bytes = size * count;
  if (takes_body(t)) {
    if (!begin(t)) return 0;
    auto written = t.sink->write({data, bytes});
    if (!written) t.error = written.error();
    return written ? bytes : 0;
  }
  if (t.response.body.size() + bytes > t.request.answer_limit) {
    if (t.request.cut_answer) {
      t.cut = true;
      return 0;
    }
    t.error = fail(Errc::unavailable, fmt::format("the server's answer is longer than the {} bytes allowed for it",
                                                  t.request.answer_limit));
    return 0;
  }
  t.response.body.append(data, bytes);
  return bytes;
}

std::size_t on_file(char* data, std::size_t size, std::size_t count, void* user) {
  auto& t = *static_cast<Transfer*>(user);
  auto const& part = *t.request.file;
  auto const wanted = std::min<std::int64_t>(static_cast<std::int64_t>(size * count), part.length - t.position);
  if (wanted <= 0) return 0;
  auto const got = pread(t.file, data, static_cast<std::size_t>(wanted), part.offset + t.position);
  if (got <= 0) {
    t.error = fail(Errc::invalid, got < 0 ? fmt::format("cannot read '{}': {}", part.path, std::strerror(errno))
                                          : fmt::format("'{}' became shorter while it was sent", part.path));
    return CURL_READFUNC_ABORT;
  }
  t.position += got;
  return static_cast<std::size_t>(got);
}

int on_seek(void* user, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Transfer*>(user)->position = offset;
  return CURL_SEEKFUNC_OK;
}

// The last moment before a connection: what the name resolved to is known, and nothing was sent.
curl_socket_t open_public(void* user, curlsocktype, curl_sockaddr* address) {
  if (!is_public_address(&address->addr)) {
    *static_cast<bool*>(user) = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t uploaded) {
  auto& t = *static_cast<Transfer*>(user);
  if (t.cancelled != nullptr && t.cancelled->load()) return 1;
  if (t.request.sent && uploaded > 0) t.request.sent(uploaded);
  return 0;
}

}  // namespace

struct HttpClient::Impl {
  Options options;
  std::unique_ptr<CURL, CurlDeleter> handle;

  void set_connection(Url const& url);
  void set_body(Transfer& t);
};

void HttpClient::Impl::set_connection(Url const& url) {
  auto* h = handle.get();
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(h, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(h, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(h, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(h, CURLOPT_CAPATH, nullptr);
  }
  if (!options.pinned_public_key.empty())
    curl_easy_setopt(h, CURLOPT_PINNEDPUBLICKEY, options.pinned_public_key.c_str());
  curl_easy_setopt(h, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, options.slowest);
  curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.slow_for.count()));
  curl_easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(h, CURLOPT_MAX_RECV_SPEED_LARGE, static_cast<curl_off_t>(options.download_limit));
  // curl looks at the limit after a hundred buffers: they are to be no more than a second's worth.
  if (options.download_limit > 0)
    curl_easy_setopt(h, CURLOPT_BUFFERSIZE,
                     static_cast<long>(std::clamp<std::int64_t>(options.download_limit / 100, 1024, 16384)));
  curl_easy_setopt(h, CURLOPT_MAX_SEND_SPEED_LARGE, static_cast<curl_off_t>(options.upload_limit));
  if (is_this_machine(url.host) || options.public_only) curl_easy_setopt(h, CURLOPT_PROXY, "");
  if (options.whole.count() > 0) curl_easy_setopt(h, CURLOPT_TIMEOUT, static_cast<long>(options.whole.count()));
}

void HttpClient::Impl::set_body(Transfer& t) {
  auto* h = handle.get();
  auto const& request = t.request;
  if (request.file) {
    curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.file->length));
    curl_easy_setopt(h, CURLOPT_READFUNCTION, on_file);
    curl_easy_setopt(h, CURLOPT_READDATA, &t);
    curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(h, CURLOPT_SEEKDATA, &t);
  } else if (request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS") {
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "HEAD")
    curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
  else
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

HttpClient::HttpClient() : HttpClient(Options{}) {}

HttpClient::HttpClient(Options options) : impl_(std::make_unique<Impl>()) {
  static bool const initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  impl_->options = std::move(options);
  if (initialised) impl_->handle.reset(curl_easy_init());
  if (!impl_->handle) std::abort();  // no memory for the first few hundred bytes
}

HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

bool HttpClient::cancelled() const {
  return impl_->options.cancelled != nullptr && impl_->options.cancelled->load();
}

bool HttpClient::pause(std::chrono::milliseconds time) const {
  using std::chrono::milliseconds;
  for (auto left = time; left.count() > 0 && !cancelled(); left -= milliseconds(50))
    std::this_thread::sleep_for(std::min(left, milliseconds(50)));
  return !cancelled();
}

Result<HttpClient::Response> HttpClient::send(Request const& request) {
  return send(request, Sink{});
}

Result<HttpClient::Response> HttpClient::send(Request const& request, Sink const& sink) {
  auto url = parse_url(request.url);
  if (!url) return url.error();
  auto const where = fmt::format("{}:{}", url->host, url->port);
  if (url->scheme == "http" && !impl_->options.plain_http_anywhere && !is_this_machine(url->host))
    return fail(Errc::invalid, fmt::format("http://{} would send passwords and tokens readable over the network; use "
                                           "https://",
                                           where));
  Transfer t{request, sink.write ? &sink : nullptr, impl_->options.cancelled};
  FileDescriptor file;
  if (request.file) {
    file = FileDescriptor(open(request.file->path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
      return fail(Errc::invalid, fmt::format("cannot read '{}': {}", request.file->path, std::strerror(errno)));
    t.file = file.get();
  }

  std::unique_ptr<curl_slist, CurlDeleter> headers;
  auto add_header = [&headers](std::string const& line) {
    auto* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) std::abort();
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  if (has_line_break(request.method) || has_line_break(request.bearer))
    return fail(Errc::invalid,
                fmt::format("a line break in the method or login for {}; check the stored login", where));
  for (auto const& [name, value] : request.headers) {
    if (name.empty() || has_line_break(name) || has_line_break(value))
      return fail(Errc::invalid, fmt::format("the header '{}' for {} has a line break in it", shown(name), where));
    add_header(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!request.bearer.empty()) add_header("Authorization: Bearer " + request.bearer);
  add_header("Expect:");  // the second curl would wait for "100 Continue" is longer than any of our bodies takes

  auto* h = impl_->handle.get();
  curl_easy_reset(h);  // keeps connections, name and TLS session caches
  impl_->set_connection(*url);
  impl_->set_body(t);
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(h, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers.get());
  if (request.basic) {
    curl_easy_setopt(h, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(h, CURLOPT_USERNAME, request.basic->name.c_str());
    curl_easy_setopt(h, CURLOPT_PASSWORD, request.basic->password.c_str());
  }
  curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(h, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(h, CURLOPT_XFERINFODATA, &t);
  bool refused = false;
  if (impl_->options.public_only) {
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_public);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, &refused);
  }
  auto const code = curl_easy_perform(h);
  curl_easy_setopt(h, CURLOPT_ERRORBUFFER, nullptr);

  if (t.error) return *std::move(t.error);
  if (t.cut) return std::move(t.response);
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(Errc::unavailable, "interrupted");
  if (code != CURLE_OK && refused)
    return fail(Errc::denied, fmt::format("{} leads into a private network, where nothing may be sent", where));
  if (code != CURLE_OK) return fail(Errc::unavailable, explain(code, where, impl_->options, detail));
  if (!begin(t)) return *std::move(t.error);
  return std::move(t.response);
}

std::string HttpClient::Response::header(std::string_view lower_case_name) const {
  auto const found = std::ranges::find(headers, lower_case_name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string() : found->second;
}

Result<std::string> url_origin(std::string const& url) {
  auto parsed = parse_url(url);
  if (!parsed) return parsed.error();
  return fmt::format("{}://{}:{}", parsed->scheme, parsed->host, parsed->port);
}

Result<std::string> url_host(std::string const& url) {
  auto parsed = parse_url(url);
  if (!parsed) return parsed.error();
  auto const& host = parsed->host;
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

Result<std::string> resolve_url(std::string const& base, std::string const& reference) {
  if (reference.starts_with('/') && !reference.starts_with("//")) {
    auto origin = url_origin(base);
    return origin ? Result<std::string>(*origin + reference) : origin;
  }
  auto parsed = parse_url(reference);
  if (!parsed) return parsed.error();
  return reference;
}

Result<std::string> resolve_within(std::string const& base, std::string const& reference) {
  return resolve_within(base, {}, reference);
}

Result<std::string> resolve_within(std::string const& base, std::vector<std::string> const& origins,
                                   std::string const& reference) {
  auto resolved = resolve_url(base, reference);
  auto const home = url_origin(base);
  auto const origin = resolved ? url_origin(*resolved) : resolved;
  if (!origin) return origin.error();
  if (!home) return home.error();
  bool const allowed = *origin == *home || std::ranges::any_of(origins, [&](std::string const& each) {
    auto const other = url_origin(each);
    return other && *other == *origin;
  });
  if (!allowed)
    return fail(Errc::invalid,
                fmt::format("'{}' leads away from the server's own address {}", shown(reference), *home));
  return resolved;
}

std::string url_escape(std::string_view text) {
  std::string out;
  for (unsigned char const c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", static_cast<unsigned>(c));
  }
  return out;
}

}  // namespace distren
