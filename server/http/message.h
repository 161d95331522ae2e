// A request and a reply as plain values: no socket, no libevent, so that handlers are tested without either.
// Header names of a request are in lower case. A Reply is a text, a piece of a file, bytes made on their way (Stream),
// a promise (Later), or stays open (Feed).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"

namespace distren {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // GET, POST...
  std::string path;    // percent-decoded once; begins with '/', has no "." or ".." part
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order; no name twice
  HeaderList headers;
  std::string body;
  std::string address;    // of the peer
  bool loopback = false;  // the peer is this machine
  bool secure = false;    // came by TLS

  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;  // empty when absent
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

struct FilePiece {
  FileDescriptor file;
  std::int64_t offset = 0;
  std::int64_t length = 0;
};

// Gives bytes in order, a piece at a time, on the loop's thread: it may read a file, but waits for nothing else.
class ByteSource {
public:
  virtual ~ByteSource() = default;
  // At least one byte and at most `size`; a failure cuts the answer short, which the client sees.
  virtual Result<std::size_t> read(char* into, std::size_t size) = 0;
};

struct Stream {
  std::unique_ptr<ByteSource> source;
  std::int64_t length = 0;  // of all that it gives
};

struct Reply;

// Gives the one answer to a request that waits; any thread. Destroyed without an answer it answers 503.
class Answer {
public:
  virtual ~Answer() = default;
  virtual void give(Reply reply) = 0;
};

// An answer that comes when something else is done. start runs on the worker's thread; shared, because callbacks that
// std::function holds are copied.
struct Later {
  std::function<void(std::shared_ptr<Answer>)> start;
};

// The way to a reply that stays open; any thread. A reader who does not take what is sent is cut off.
class Outlet {
public:
  virtual ~Outlet() = default;
  virtual void send(std::shared_ptr<std::string const> text) = 0;  // shared by all that it goes to
  virtual void end() = 0;
};

// A reply that stays open until either side ends it. opened is called once, on the loop's thread, when its headers are
// on their way, and destroyed when it is over, also when it never began.
struct Feed {
  std::function<void(std::shared_ptr<Outlet>)> opened;
};

struct Reply {
  int status = 200;
  HeaderList headers;
  std::variant<std::string, FilePiece, Stream, Later, Feed> body;

  Reply& with(std::string name, std::string value) & {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Reply with(std::string name, std::string value) && { return std::move(with(std::move(name), std::move(value))); }
};

Reply json_reply(int status, nlohmann::json const& body);
Reply text_reply(int status, std::string_view content_type, std::string body);
Reply empty_reply(int status);

// {"error":{"code":...,"message":...}}; the code follows from the status where none is given.
Reply error_reply(int status, std::string_view message);
Reply error_reply(int status, std::string_view code, std::string_view message);
Reply error_reply(Error const& error);  // 503 asks to come back in 5 s
// 429 or 503 with Retry-After, rounded up to seconds.
Reply busy_reply(int status, std::string_view message, std::int64_t after_ms);

// JSON as text; bytes that are no UTF-8 become U+FFFD instead of an exception.
std::string to_text(nlohmann::json const& value);

}  // namespace distren
