#include "client/settings.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "client/fields.h"
#include "common/base/config.h"
#include "common/base/files.h"
#include "common/http/http_client.h"

namespace distren::client {
namespace {

constexpr std::array<RenamedSetting, 1> renamed_settings{{{"ca", "ca_file"}}};  // of version 0.1

constexpr char const* credentials_name = "credentials.json";

// The server's address as stored and compared: its origin, without the default port.
Result<std::string> normal_server(std::string server) {
  while (server.ends_with('/')) server.pop_back();
  auto origin = url_origin(server);
  if (!origin) return origin;
  auto const after_host = server.find('/', server.find("://") + 3);
  if (after_host != std::string::npos || server.find_first_of("?#") != std::string::npos)
    return fail(Errc::invalid, fmt::format("the server '{}' should be given without a path, like {}",
                                           server.substr(0, server.find_first_of("?#")), *origin));
  return origin;
}

std::string from(Environment const& environment, char const* name) {
  auto const* value = environment(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<Credentials> Credentials::load(std::filesystem::path file) {
  Credentials out(std::move(file));
  struct stat status {};
  if (stat(out.file_.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return out;
    return fail(Errc::denied, fmt::format("cannot read '{}': {}", out.file_.string(), std::strerror(errno)));
  }
  if ((status.st_mode & 077U) != 0)
    return fail(Errc::denied, fmt::format("others on this machine can read your logins in '{0}'; run: chmod 600 '{0}'",
                                          out.file_.string()));
  auto text = read_file(out.file_, 1U << 20U);
  if (!text) return text.error();
  auto const json = Json::parse(*text, nullptr, false);
  if (!json.is_object())
    return fail(Errc::invalid, fmt::format("'{}' is damaged; delete it and log in again", out.file_.string()));
  for (auto const& [server, login] : object_of(json, "servers").items())
    out.logins_[server] = Login{text_of(login, "user"), text_of(login, "token"), text_of(login, "ca")};
  out.last_server_ = text_of(json, "last");
  return out;
}

std::optional<Login> Credentials::find(std::string const& server) const {
  auto const found = logins_.find(server);
  return found == logins_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> Credentials::remember(std::string const& server, Login const& login) {
  logins_[server] = login;
  last_server_ = server;
  return save();
}

Result<void> Credentials::forget(std::string const& server) {
  auto const found = logins_.find(server);
  if (found == logins_.end()) return {};
  found->second = Login{"", "", found->second.ca};
  return save();
}

Result<void> Credentials::save() const {
  auto servers = Json::object();
  for (auto const& [server, login] : logins_)
    servers[server] = {{"user", login.user}, {"token", login.token}, {"ca", login.ca}};
  std::error_code code;
  auto const folder = file_.parent_path();
  if (!std::filesystem::exists(folder, code)) {
    std::filesystem::create_directories(folder, code);
    if (!code) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, code);
    if (code)
      return fail(Errc::unavailable, fmt::format("cannot create the folder '{}': {}", folder.string(), code.message()));
  }
  return write_file_durably(file_, Json{{"servers", servers}, {"last", last_server_}}.dump(2) + "\n", 0600);
}

std::filesystem::path config_folder(Environment const& environment) {
  if (auto const xdg = from(environment, "XDG_CONFIG_HOME"); xdg.starts_with('/'))
    return std::filesystem::path(xdg) / "distren";
  return std::filesystem::path(from(environment, "HOME")) / ".config" / "distren";
}

Result<Settings> resolve_settings(GlobalOptions const& options, Environment const& environment) {
  Settings out;
  out.quiet = options.quiet;
  out.folder = config_folder(environment);
  std::string file_server;
  std::string file_ca;
  auto const file = out.folder / "client.toml";
  std::error_code code;
  if (std::filesystem::exists(file, code)) {
    auto config = Config::load(file);
    if (!config) return config.error();
    config->read("server", file_server);
    config->read("ca_file", file_ca);
    config->read("pinned_public_key", out.pinned_public_key);
    if (auto finished = config->finish(renamed_settings); !finished) return finished.error();
  }
  auto credentials = Credentials::load(out.folder / credentials_name);
  if (!credentials) return credentials.error();

  for (auto const& candidate :
       {options.server, from(environment, "DISTREN_SERVER"), file_server, credentials->last_server()})
    if (out.server.empty()) out.server = candidate;
  if (out.server.empty())
    return fail(Errc::denied, fmt::format("no server is named; use --server https://HOST:8443, set DISTREN_SERVER, or "
                                          "write server = \"...\" into {}",
                                          file.string()));
  auto server = normal_server(out.server);
  if (!server) return server.error();
  out.server = *server;

  auto const login = credentials->find(out.server).value_or(Login{});
  for (auto const& candidate : {options.ca, from(environment, "DISTREN_CA_FILE"), file_ca, login.ca})
    if (out.ca.empty()) out.ca = candidate;
  if (!out.ca.empty()) out.ca = std::filesystem::absolute(out.ca, code).string();
  out.token = from(environment, "DISTREN_TOKEN");
  if (out.token.empty()) {
    out.token = login.token;
    out.user = login.user;
  }
  return out;
}

}  // namespace distren::client
