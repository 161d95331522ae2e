// The working copy of a job's files, at their relative paths, under one folder per job and set of files. One thread.
// RenderedFrame beside and renamed when whole, so that what is found after a crash is complete. Nothing but regular
// files and folders made here is in it; paths were checked when the order was parsed. Failure: as Cache.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "common/base/result.h"
#include "common/protocol/order.h"

namespace distren {

class Workspace {
public:
  // linked: files are hard links into the cache, which is right when the renderer sees them read-only; otherwise
  // copies.
  static Result<Workspace> open(std::filesystem::path folder, bool linked);

  using Fetch = std::function<Result<std::filesystem::path>(protocol::Input const&)>;
  // The folder with all files of the order, from an earlier frame of the job or made now.
  Result<std::filesystem::path> prepare(protocol::FrameOrder const& order, Fetch const& fetch);
  [[nodiscard]] bool holds(protocol::FrameOrder const& order) const;

private:
  Workspace(std::filesystem::path folder, bool linked) : folder_(std::move(folder)), linked_(linked) {}
  [[nodiscard]] std::filesystem::path place(protocol::FrameOrder const& order) const;
  Result<void> put(std::filesystem::path const& from, std::filesystem::path const& to) const;
  void forget_old(std::filesystem::path const& current) const;

  std::filesystem::path folder_;
  bool linked_;
};

}  // namespace distren
