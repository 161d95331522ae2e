// Renderers that the grid delivered, unpacked below the cache, each in a folder named by the digest of its archive:
// FOLDER/BUILD/{build.json,lock,files/}. Made beside and renamed when whole, so that a kill at any moment leaves
// nothing that would be used; what it leaves is removed at the next start. All slaves of one user on a host may share
// the folder; who uses a renderer holds its lock, and none in use is removed. Any thread, one for unpack(). Failure:
// unavailable (the disk), invalid (the archive is not what was signed).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "common/base/result.h"
#include "common/protocol/renderers.h"
#include "slave/cache.h"

namespace distren {

struct StoredRenderer {
  std::string method{};
  std::string version{};
  std::string build{};
  std::uint64_t bytes = 0;       // unpacked
  bool own_root = false;         // a tree with its own /usr; else a folder with the program
  std::filesystem::path root{};  // of the tree, or the program's folder
  std::string program{};         // in it
};

class RendererStore {
public:
  // Makes the folder when it is not there, and removes what a kill left in it.
  static Result<RendererStore> open(std::filesystem::path folder);

  [[nodiscard]] std::vector<StoredRenderer> all() const;
  [[nodiscard]] std::optional<StoredRenderer> find(std::string const& build) const;
  // Nobody removes it while this lives; counts as a use. Nothing: it is not there any more.
  [[nodiscard]] std::optional<FileDescriptor> hold(std::string const& build) const;
  // One slave of this host fetches and unpacks a build, the others wait and then find it. go_on: false ends it.
  [[nodiscard]] Result<FileDescriptor> take_turn(std::string const& build, std::function<bool()> const& go_on) const;
  // Unpacks an archive whose digest was verified; requires the build's turn. program: of the method's definition.
  Result<StoredRenderer> unpack(protocol::RendererBuild const& build, std::filesystem::path const& archive,
                                std::string const& program, std::function<bool()> const& go_on);
  // For the cache, whose limit they share.
  [[nodiscard]] std::vector<Cache::Neighbour> neighbours() const;

private:
  explicit RendererStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] bool remove(std::string const& build) const;
  void clean_up() const;

  std::filesystem::path folder_;
};

}  // namespace distren
