// Settings that an administrator may override at run time. Overrides are stored in the database; this holds the
// effective values. Owner: Services; the configuration must outlive it. Any thread. Values are validated before they
// are stored; invalid ones in the database are ignored.
#pragma once

#include <atomic>
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
  explicit RuntimeSettings(ServerConfig const& file) : file_(file) { keep_rates(); }

  struct Values {
    std::string name;
    bool registration = true;
    int session_s = 0;
    std::int64_t upload_bytes = 0;
    int frames_per_job = 0;
    int files_per_job = 0;
    int address_requests_per_second = 0;
    int user_requests_per_second = 0;
  };
  [[nodiscard]] Values now() const;
  // Asked for each request: without a lock.
  [[nodiscard]] int address_requests_per_second() const { return address_rate_; }
  [[nodiscard]] int user_requests_per_second() const { return user_rate_; }

  // All overrides, by name; unknown ones are ignored.
  void take(std::map<std::string, std::string> kept);
  // The value as text for the database. Errors: invalid, with what is allowed; not_found, unknown or only in the
  // file.
  [[nodiscard]] Result<std::string> check(std::string_view name, nlohmann::json const& value) const;
  // [{"name","kind","value","file","set","least","most"}...]: first those that may be overridden, then the others.
  [[nodiscard]] nlohmann::json list() const;

private:
  void keep_rates();

  ServerConfig const& file_;
  mutable std::mutex mutex_;  // guards set_
  std::map<std::string, std::string> set_;
  std::atomic<int> address_rate_{0};
  std::atomic<int> user_rate_{0};
};

}  // namespace distren
