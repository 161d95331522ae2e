// TLS 1.2+: contexts for the server, a self-signed certificate for a standalone grid, and a blocking client
// stream for the line protocol. The client always verifies: by the system's CAs or the given CA file, and by host
// name. Threads may share a context, a stream belongs to one. Errors: invalid and unavailable.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace distren {

struct TlsContextFree {
  void operator()(ssl_ctx_st* context) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, TlsContextFree>;

// Server side. Idle connections release their buffers (10,000 of them are the usual case).
Result<TlsContext> server_tls(std::filesystem::path const& certificate, std::filesystem::path const& key);

// An EC P-256 key (mode 0600) and a certificate valid ten years for the names (DNS names or IP addresses).
Result<void> make_self_signed(std::filesystem::path const& certificate, std::filesystem::path const& key,
                              std::vector<std::string> const& names);

struct TlsTarget {
  std::string host;
  int port = 4554;
  std::filesystem::path ca_file;  // empty: the system's
  bool plain = false;             // no TLS; only to loopback addresses
};

// A connection for lines. read_line may be called by one thread while others call write_line.
class LineStream {
public:
  static Result<std::unique_ptr<LineStream>> connect(TlsTarget const& target, std::chrono::milliseconds timeout);
  ~LineStream();
  LineStream(LineStream const&) = delete;
  LineStream& operator=(LineStream const&) = delete;

  // Without its newline. nullopt: timeout. Errors: unavailable, the connection is closed; invalid, a line longer than
  // limit bytes.
  Result<std::optional<std::string>> read_line(std::chrono::milliseconds timeout, std::size_t limit = 1U << 20);
  Result<void> write_line(std::string_view line);  // the newline is added
  void shut_down();                                // from any thread: a waiting read_line returns unavailable

private:
  LineStream() = default;
  Result<void> handshake(TlsTarget const& target, std::chrono::steady_clock::time_point until);
  bool wait(short events, std::chrono::steady_clock::time_point until) const;
  int receive(char* buffer, int size, short& wait_for);

  TlsContext context_;
  ssl_st* ssl_ = nullptr;
  FileDescriptor socket_;
  std::mutex ssl_mutex_;    // an SSL object may be used by one thread at a time
  std::mutex write_mutex_;  // a line goes out whole
  std::string received_;
};

}  // namespace distren
