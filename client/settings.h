// The server's address and the user's credentials. Precedence: command line, environment, client.toml, the last login.
// One thread, at start. Folder: $XDG_CONFIG_HOME/distren, else ~/.config/distren.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace distren::client {

struct Login {
  std::string user;
  std::string token;
  std::string ca;  // PEM file that the server's certificate was verified with; empty: the system's
};

// credentials.json: logins by server, readable by its owner alone. Errors: denied for a file that others can read,
// invalid for a damaged one; both messages name the file and the remedy.
class Credentials {
public:
  static Result<Credentials> load(std::filesystem::path file);
  [[nodiscard]] std::optional<Login> find(std::string const& server) const;
  [[nodiscard]] std::string const& last_server() const { return last_server_; }
  Result<void> remember(std::string const& server, Login const& login);
  Result<void> forget(std::string const& server);  // keeps the server's certificate: the next login needs it

private:
  explicit Credentials(std::filesystem::path file) : file_(std::move(file)) {}
  Result<void> save() const;
  std::filesystem::path file_;
  std::map<std::string, Login> logins_;
  std::string last_server_;
};

// As given on the command line; empty: not given.
struct GlobalOptions {
  std::string server;
  std::string ca;
  bool json = false;
  bool quiet = false;
};

struct Settings {
  std::string server;  // https://host:port, without a trailing slash
  std::string ca;
  std::string pinned_public_key;
  std::string token;  // empty: not logged in
  std::string user;   // empty with DISTREN_TOKEN
  std::filesystem::path folder;
  bool quiet = false;  // no progress
};

using Environment = std::function<char const*(char const* name)>;

std::filesystem::path config_folder(Environment const& environment);
Result<Settings> resolve_settings(GlobalOptions const& options, Environment const& environment);

}  // namespace distren::client
