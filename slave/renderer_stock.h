// The renderers of this slave: each is a render method with one program, and what a trial has shown of it. Offered are
// those alone whose trial they passed; what an order names is chosen by exact version and build. Any thread; what
// choose() returned stays valid when the list changes.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/announce.h"
#include "common/protocol/order.h"
#include "slave/trial.h"

namespace distren {

class RendererStock {
public:
  using Installed = std::shared_ptr<InstalledMethod const>;  // shared with frames that are rendered meanwhile

  explicit RendererStock(TrialMemory memory) : memory_(std::move(memory)) {}

  void add(InstalledMethod installed);    // with what is remembered of it
  void remove(std::string const& build);  // of what the grid delivered
  // One to be tried: that nothing is known of, or, where idle, one that failed when it was tried at an earlier start.
  [[nodiscard]] Installed untried(bool idle) const;
  void forget_failures();  // all that failed is tried again
  [[nodiscard]] Trial so_far(Installed const& which) const;
  // After a probe. An Error: it is tried no more at this start, unless it was cancelled.
  void tried(Installed const& which, Result<Trial> const& trial);
  // Also what is not tried yet: a server sends what it was offered. invalid (renderer_missing), saying what there is.
  [[nodiscard]] Result<Installed> choose(protocol::FrameOrder const& order) const;
  [[nodiscard]] bool holds(std::string const& build) const;
  [[nodiscard]] std::vector<protocol::Renderer> offered() const;

  struct Row {  // for people
    Installed installed;
    std::optional<Trial> trial{};  // nothing: not tried yet; incomplete: under way
    std::string problem{};         // why it could not be tried
  };
  [[nodiscard]] std::vector<Row> rows() const;

private:
  struct Entry {
    Installed installed;
    std::optional<Trial> trial{};   // complete
    std::optional<Trial> so_far{};  // of the one under way
    bool due = true;                // to be tried, once the slave has nothing else to do if a trial is known
    std::string problem{};
  };
  TrialMemory memory_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

nlohmann::json to_json(RendererStock::Row const& row);  // as `distren-slave status` prints it

}  // namespace distren
