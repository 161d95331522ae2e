// What an administrator may change while the server runs, over what distrend.toml says. The values that were set lie in
// the database; here is what holds now. Owned by Services; refers to the configuration, which must outlive it. Any
// thread. A value is checked before it is kept; one in the database that is none any more is passed over.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "server/config/server_config.h"

namespace distren {

class RuntimeSettings {
public:
  explicit RuntimeSettings(ServerConfig const& file) : file_(file) {}

  struct Values {
    std::string name;
    bool registration = true;
    int session_s = 0;
    std::int64_t upload_bytes = 0;
    int frames_per_job = 0;
    int files_per_job = 0;
  };
  [[nodiscard]] Values now() const;

  // All that were set, by name; others than ours are passed over.
  void take(std::map<std::string, std::string> kept);
  // The value as text for the database; invalid says what is allowed, not_found that there is no such setting, or that
  // only the file has it.
  [[nodiscard]] Result<std::string> check(std::string_view name, nlohmann::json const& value) const;
  // [{"name","kind","value","file","set","least","most"}...]: those that may be changed, then what only the file says.
  [[nodiscard]] nlohmann::json list() const;

private:
  ServerConfig const& file_;
  mutable std::mutex mutex_;  // guards set_
  std::map<std::string, std::string> set_;
};

}  // namespace distren
