// Where the server is and who asks: the command line wins over the environment, that over client.toml, that over what
// the last login left. One thread, at start. Folder: $XDG_CONFIG_HOME/distren, else ~/.config/distren.
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
  std::string ca;  // PEM file that this server's certificate was checked with; empty: the system's
};

// credentials.json: logins by server, readable by its owner alone. A file that others can read is refused (denied),
// a damaged one is invalid; both messages name the file and the way out.
class Credentials {
public:
  static Result<Credentials> load(std::filesystem::path file);
  [[nodiscard]] std::optional<Login> find(std::string const& server) const;
  [[nodiscard]] std::string const& last_server() const { return last_server_; }
  Result<void> remember(std::string const& server, Login const& login);
  Result<void> forget(std::string const& server);  // but not its certificate: the next login needs it

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
};

struct Settings {
  std::string server;  // https://host:port, without a slash at the end
  std::string ca;
  std::string pinned_public_key;
  std::string token;  // empty: not logged in
  std::string user;   // who logged in; empty with DISTREN_TOKEN
  std::filesystem::path folder;
};

using Environment = std::function<char const*(char const* name)>;

std::filesystem::path config_folder(Environment const& environment);
Result<Settings> resolve_settings(GlobalOptions const& options, Environment const& environment);

}  // namespace distren::client
