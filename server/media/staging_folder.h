// A folder for what comes out of a sandbox, removed with the object. Any thread, one owner. Errors: path is empty when
// it could not be made, such as on a full disk.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <system_error>

namespace distren {

struct StagingFolder {
  std::filesystem::path path;

  // beside: a folder of the file system to which the result will be renamed.
  explicit StagingFolder(std::filesystem::path const& beside) {
    auto name = (beside / ".making-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  StagingFolder(StagingFolder const&) = delete;
  StagingFolder& operator=(StagingFolder const&) = delete;
  ~StagingFolder() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace distren
