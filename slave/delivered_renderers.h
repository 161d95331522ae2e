// Which renderers of the grid this slave takes: those that the volunteer allows, signed by the grid's key, for this
// platform, and small enough for the cache. The key is pinned: by the configuration, or the first that the server names
// over its verified connection, kept in the state folder. Another one later is refused, and with it everything that is
// not here yet. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/renderers.h"
#include "slave/renderer_store.h"

namespace distren {

class DeliveredRenderers {
public:
  struct Options {
    std::filesystem::path key_file;     // what is pinned
    std::string key{};                  // of the configuration, base64; empty: none
    std::vector<std::string> accepted;  // "signed", or digests
    std::uint64_t limit = 0;            // bytes of archive and unpacked renderer together
    std::string platform = this_platform();
  };
  // denied: the file of the key can be changed by others; invalid: it has no key.
  static Result<std::unique_ptr<DeliveredRenderers>> open(Options options, RendererStore store);
  static std::string this_platform();  // "linux-x86_64"

  // The server's list; it replaces the one before.
  void offered(protocol::RendererList const& list);
  [[nodiscard]] std::vector<protocol::RendererBuild> fetchable() const;  // of the list
  // Whether it may be run. denied, saying why not; of an order as of the list.
  [[nodiscard]] Result<void> check(protocol::RendererBuild const& build) const;
  [[nodiscard]] bool accepts(std::string const& build) const;  // by the volunteer's choice alone
  void reject(std::string const& build);                       // its archive is bad; not taken until the next start
  [[nodiscard]] RendererStore& store() { return store_; }
  [[nodiscard]] RendererStore const& store() const { return store_; }
  [[nodiscard]] std::vector<std::string> problems() const;  // for people
  [[nodiscard]] std::string key_fingerprint() const;        // of the pinned key; empty: none yet

private:
  DeliveredRenderers(Options options, RendererStore store) : options_(std::move(options)), store_(std::move(store)) {}
  Result<void> pin(std::string const& key);

  Options options_;
  RendererStore store_;
  mutable std::mutex mutex_;
  std::string key_;  // 32 bytes; empty: not known yet
  std::string key_problem_;
  std::vector<protocol::RendererBuild> list_;
  std::vector<std::string> refused_;  // of the list, why
  std::vector<std::string> rejected_;
};

}  // namespace distren
