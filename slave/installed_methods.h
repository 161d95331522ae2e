// Which render methods this machine can do: definitions whose program is here and tells its version. At start, one
// thread, up to seconds per program.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/render_method.h"
#include "common/result.h"

namespace distren {

struct InstalledMethod {
  RenderMethod method;
  std::filesystem::path program;
  std::string version;
};

// missing: one sentence for each definition whose program cannot be used.
Result<std::vector<InstalledMethod>> find_installed_methods(std::filesystem::path const& methods,
                                                            std::map<std::string, std::string> const& programs,
                                                            std::vector<std::string>& missing);

}  // namespace distren
