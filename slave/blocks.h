// Work that the volunteer does not want on this machine, for good: of certain people, projects or jobs. Kept in the
// state folder (blocks.json), reported in every announce, so that the server does not offer it. Any thread. Failure:
// invalid names what can be blocked and how many; unavailable: the disk takes it not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>

#include "common/base/result.h"
#include "common/protocol/announce.h"

namespace distren {

class BlockList {
public:
  static constexpr std::size_t most = 300;  // in all: an announce is one line

  explicit BlockList(std::filesystem::path const& state);  // what cannot be read counts as nothing, with a warning

  // kind: user (by name), project or job (by number). False: it was so already.
  Result<bool> block(std::string const& kind, std::string const& what);
  Result<bool> unblock(std::string const& kind, std::string const& what);
  [[nodiscard]] protocol::Blocks message() const;  // as in an announce
  [[nodiscard]] bool empty() const;
  // Of what an order tells: its job and whose that is; its project it does not.
  [[nodiscard]] bool holds(std::int64_t job, std::string const& user) const;

private:
  Result<bool> change(std::string const& kind, std::string const& what, bool blocked);
  [[nodiscard]] protocol::Blocks all() const;

  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::set<std::string> users_;
  std::set<std::int64_t> projects_;
  std::set<std::int64_t> jobs_;
};

}  // namespace distren
