// What a program can do on this machine is tried, not believed: the probes of its method (common/render/probe.h) are
// rendered as frames are, by the slave's own Renderer, and the images checked; one at a time, so that frames need not
// wait for all of them. Of the renderer's thread; each probe is bounded in time. Results are kept in a file, so that
// the next start offers at once what it knows; one that cannot be read is made anew.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/process/image_program.h"
#include "slave/installed_methods.h"
#include "slave/renderer.h"

namespace distren {

struct Trial {
  struct Failure {
    std::string engine{};  // empty: the method itself
    std::string reason{};
    bool operator==(Failure const&) const = default;
  };
  std::size_t probes = 0;            // of the method, that have been rendered; the next to try
  bool usable = true;                // the method may be offered, as far as is known
  bool on_gpus = true;               // its graphics cards rendered, too; else it is offered on the processor alone
  bool again = false;                // worth another try at the next start: nothing that took all of its time
  std::vector<std::string> engines;  // that rendered
  std::vector<Failure> failures{};
  bool operator==(Trial const&) const = default;
};

[[nodiscard]] bool is_complete(Trial const& trial, RenderMethod const& method);
// Renders the next probe. conflict: cancelled; unavailable: not the program's fault, such as a full disk. The trial is
// as before then.
Result<Trial> try_next_probe(Renderer& renderer, InstalledMethod const& installed, Trial trial,
                             ImageDecoder const& decoder);

class TrialMemory {
public:
  static constexpr std::size_t most_kept = 100;
  // facts: of this machine, besides those of program and drivers; what was tried with others is tried again.
  TrialMemory(std::filesystem::path file, std::string facts);

  [[nodiscard]] std::optional<Trial> find(InstalledMethod const& installed) const;
  void keep(InstalledMethod const& installed, Trial const& trial);  // a full disk is logged and forgotten

private:
  [[nodiscard]] std::string key_of(InstalledMethod const& installed) const;

  std::filesystem::path file_;
  std::string facts_;
  std::map<std::string, nlohmann::json> kept_;
};

}  // namespace distren
