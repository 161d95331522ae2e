#include "common/base/places.h"

#include <unistd.h>

namespace distren {

namespace fs = std::filesystem;

fs::path program_folder() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path();
}

fs::path find_data(std::string_view name) {
  fs::path const here = program_folder();
  for (auto const& path : {here / name, here.parent_path() / name, fs::path(DISTREN_DATADIR) / name}) {
    std::error_code error;
    if (fs::exists(path, error)) return path;
  }
  return {};
}

fs::path find_helper(std::string_view name) {
  for (auto const& path : {program_folder() / name, fs::path(DISTREN_LIBEXECDIR) / name}) {
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

}  // namespace distren
