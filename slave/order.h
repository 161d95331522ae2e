// An order as the server sends it (doc/protocol.md), parsed and checked: the server is trusted with what to render,
// not with paths, sizes or programs. Values, any thread. Failure: invalid, naming the member that is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace distren {

struct OrderFile {
  std::string path;  // relative, checked
  std::string sha256;
  std::int64_t size = 0;
  std::string url;  // absolute, or to be resolved against the server's base
};

struct OrderOutput {
  std::string name;    // one path part, checked
  std::string format;  // empty: the scene's own
  int width = 0;       // 0: not known to the server
  int height = 0;
  std::int64_t limit = 0;  // bytes
};

struct Order {
  std::int64_t attempt = 0;
  std::int64_t task = 0;
  std::int64_t job = 0;
  std::int64_t owner = 0;  // who made the job, and what he is called; 0: nobody (a benchmark)
  std::string owner_name;
  std::string method;
  std::string version;  // the oldest renderer that can open the file; empty: any
  nlohmann::json parameters;
  std::vector<OrderFile> files;
  std::string file_list;              // URL of the files' list, for a job of many; files is empty then
  std::optional<OrderOutput> output;  // nothing: nothing is handed in
  std::string upload;
  std::string lease;
  std::chrono::milliseconds renew{600000};
  std::chrono::milliseconds deadline{900000};
};

Result<Order> parse_order(nlohmann::json const& message);
// An array of files, as in an order's "files" or in what its "file_list" answers.
Result<std::vector<OrderFile>> parse_files(nlohmann::json const& list);

// Members of messages from the server: absent or of another type is the fallback.
std::string text_member(nlohmann::json const& message, char const* name, std::string const& otherwise = {});
std::int64_t number_member(nlohmann::json const& message, char const* name, std::int64_t otherwise = 0);

// The message that ends an attempt without an image. state: "failed" or "returned"; log may be empty.
nlohmann::json ending_message(std::int64_t attempt, std::string const& lease, char const* state,
                              std::string const& reason, std::string const& log = {});

}  // namespace distren
