#include "common/http/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace distren {

namespace {

using Clock = std::chrono::steady_clock;

std::string openssl_reason() {
  unsigned long const code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  char const* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("error {:x}", code);
}

template <auto release>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;

bool is_ip_address(std::string const& name) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

bool is_loopback(sockaddr const* address) {
  if (address->sa_family == AF_INET)
    return (ntohl(reinterpret_cast<sockaddr_in const*>(address)->sin_addr.s_addr) >> 24) == 127;
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<sockaddr_in6 const*>(address)->sin6_addr) != 0;
}

bool add_extension(X509* certificate, int nid, std::string const& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string pem(auto&& write) {
  BioPtr const bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* data = nullptr;
  long const size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

void TlsContextFree::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

Result<TlsContext> server_tls(std::filesystem::path const& certificate, std::filesystem::path const& key) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (SSL_CTX_use_certificate_chain_file(raw, certificate.c_str()) != 1)
    return fail(Errc::invalid,
                fmt::format("the TLS certificate {} cannot be used: {}", certificate.string(), openssl_reason()));
  if (SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(raw) != 1)
    return fail(Errc::invalid, fmt::format("the TLS key {} cannot be used with {}: {}", key.string(),
                                           certificate.string(), openssl_reason()));
  return context;
}

Result<void> make_self_signed(std::filesystem::path const& certificate, std::filesystem::path const& key,
                              std::vector<std::string> const& names) {
  auto const broken = [] { return fail(Errc::unavailable, "cannot make a TLS certificate: " + openssl_reason()); };
  KeyPtr const pair(EVP_EC_gen("P-256"));
  CertificatePtr const x509(X509_new());
  if (!pair || !x509 || names.empty()) return broken();
  X509_set_version(x509.get(), 2);
  std::unique_ptr<BIGNUM, Free<BN_free>> const serial(BN_new());
  if (BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
      BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x509.get())) == nullptr)
    return broken();
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -24L * 3600);  // a clock that is a little behind still accepts it
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3650L * 24 * 3600);
  X509_set_pubkey(x509.get(), pair.get());
  X509_NAME* const subject = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(names[0].c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(x509.get(), subject);
  std::string alternatives;
  for (auto const& name : names)
    alternatives += fmt::format("{}{}:{}", alternatives.empty() ? "" : ",", is_ip_address(name) ? "IP" : "DNS", name);
  if (!add_extension(x509.get(), NID_subject_alt_name, alternatives) ||
      !add_extension(x509.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(x509.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(x509.get(), pair.get(), EVP_sha256()) == 0)
    return broken();
  std::string const key_text =
      pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  std::string const certificate_text = pem([&](BIO* bio) { return PEM_write_bio_X509(bio, x509.get()); });
  if (key_text.empty() || certificate_text.empty()) return broken();
  if (auto done = write_file_durably(key, key_text, 0600); !done) return done;
  return write_file_durably(certificate, certificate_text, 0644);
}

Result<std::unique_ptr<LineStream>> LineStream::connect(TlsTarget const& target, std::chrono::milliseconds timeout) {
  auto const until = Clock::now() + timeout;
  std::string const where = fmt::format("{} port {}", target.host, target.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int const error = getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
      error != 0)
    return fail(Errc::unavailable, fmt::format("cannot find the server {}: {}", target.host, gai_strerror(error)));
  std::unique_ptr<addrinfo, Free<freeaddrinfo>> const addresses(found);

  std::unique_ptr<LineStream> stream(new LineStream);
  std::string reason = "it has no address";
  for (addrinfo const* address = found; address != nullptr; address = address->ai_next) {
    if (target.plain && !is_loopback(address->ai_addr))
      return fail(Errc::denied,
                  fmt::format("{} is not a loopback address: without TLS the slavepassword would be readable "
                              "on the way; leave plain off",
                              where));
    FileDescriptor socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) continue;
    stream->socket_ = std::move(socket);
    int error = 0;
    if (::connect(stream->socket_.get(), address->ai_addr, address->ai_addrlen) != 0) {
      error = errno;
      if (error == EINPROGRESS && stream->wait(POLLOUT, until)) {
        socklen_t size = sizeof error;
        getsockopt(stream->socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    if (error == 0) {
      int const on = 1;
      setsockopt(stream->socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      setsockopt(stream->socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      if (target.plain) return stream;
      if (auto shaken = stream->handshake(target, until); !shaken) return shaken.error();
      return stream;
    }
    reason = error == EINPROGRESS ? "it did not answer in time" : std::strerror(error);
  }
  return fail(Errc::unavailable, fmt::format("cannot connect to {}: {}", where, reason));
}

LineStream::~LineStream() {
  SSL_free(ssl_);
}

Result<void> LineStream::handshake(TlsTarget const& target, Clock::time_point until) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  int const loaded = target.ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context_.get())
                         : SSL_CTX_load_verify_locations(context_.get(), target.ca_file.c_str(), nullptr);
  if (loaded != 1)
    return fail(Errc::invalid,
                fmt::format("the CA file {} cannot be read: {}", target.ca_file.string(), openssl_reason()));
  ssl_ = SSL_new(context_.get());
  SSL_set_fd(ssl_, socket_.get());
  if (is_ip_address(target.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), target.host.c_str());
  } else {
    SSL_set1_host(ssl_, target.host.c_str());
    SSL_set_tlsext_host_name(ssl_, target.host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    int const done = SSL_connect(ssl_);
    if (done == 1) return {};
    int const error = SSL_get_error(ssl_, done);
    short const events = error == SSL_ERROR_WANT_READ ? POLLIN : error == SSL_ERROR_WANT_WRITE ? POLLOUT : short{0};
    if (events == 0) {
      long const verify = SSL_get_verify_result(ssl_);
      return fail(Errc::unavailable,
                  fmt::format("TLS with {} port {} failed: {}", target.host, target.port,
                              verify != X509_V_OK ? X509_verify_cert_error_string(verify) : openssl_reason()));
    }
    if (!wait(events, until))
      return fail(Errc::unavailable,
                  fmt::format("TLS with {} port {} did not finish in time", target.host, target.port));
  }
}

bool LineStream::wait(short events, Clock::time_point until) const {
  for (;;) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd poll_fd{socket_.get(), events, 0};
    int const ready = ::poll(&poll_fd, 1, static_cast<int>(std::max<long>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

// > 0: bytes received; 0: wait for the events in wait_for; -1: the connection is closed.
int LineStream::receive(char* buffer, int size, short& wait_for) {
  wait_for = POLLIN;
  if (ssl_ == nullptr) {
    ssize_t const got = ::recv(socket_.get(), buffer, static_cast<std::size_t>(size), 0);
    if (got > 0) return static_cast<int>(got);
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
  }
  std::lock_guard const lock(ssl_mutex_);
  ERR_clear_error();
  int const got = SSL_read(ssl_, buffer, size);
  if (got > 0) return got;
  int const error = SSL_get_error(ssl_, got);
  if (error == SSL_ERROR_WANT_WRITE) wait_for = POLLOUT;
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

Result<std::optional<std::string>> LineStream::read_line(std::chrono::milliseconds timeout, std::size_t limit) {
  auto const until = Clock::now() + timeout;
  std::size_t searched = 0;
  auto const too_long = [limit] {
    return fail(Errc::invalid, fmt::format("the server sent a line longer than {} bytes", limit));
  };
  for (;;) {
    if (auto const end = received_.find('\n', searched); end != std::string::npos) {
      if (end > limit) return too_long();
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return std::optional(std::move(line));
    }
    searched = received_.size();
    if (received_.size() > limit) return too_long();
    char buffer[16384];
    short wait_for = POLLIN;
    int const got = receive(buffer, sizeof buffer, wait_for);
    if (got < 0) return fail(Errc::unavailable, "the server closed the connection");
    if (got > 0)
      received_.append(buffer, static_cast<std::size_t>(got));
    else if (!wait(wait_for, until))
      return std::optional<std::string>();
  }
}

Result<void> LineStream::write_line(std::string_view line) {
  std::lock_guard const whole(write_mutex_);
  std::string const bytes = std::string(line) + '\n';
  auto const until = Clock::now() + std::chrono::seconds(30);
  for (std::string_view rest = bytes; !rest.empty();) {
    int sent = 0;
    short wait_for = POLLOUT;
    if (ssl_ == nullptr) {
      sent = static_cast<int>(::send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL));
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) sent = 0;
    } else {
      std::lock_guard const lock(ssl_mutex_);
      ERR_clear_error();
      sent = SSL_write(ssl_, rest.data(), static_cast<int>(rest.size()));
      if (sent <= 0) {
        int const error = SSL_get_error(ssl_, sent);
        sent = error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? 0 : -1;
        if (error == SSL_ERROR_WANT_READ) wait_for = POLLIN;
      }
    }
    if (sent < 0) return fail(Errc::unavailable, "the server closed the connection");
    if (sent == 0 && !wait(wait_for, until)) return fail(Errc::unavailable, "the server takes no data");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

void LineStream::shut_down() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace distren
