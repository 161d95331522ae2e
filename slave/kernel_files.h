// Small files and folders of /proc and /sys. What is not there reads as empty. Any thread.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace distren {

inline std::string first_line(std::filesystem::path const& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

inline std::vector<std::filesystem::path> entries_of(std::filesystem::path const& folder) {  // sorted
  std::vector<std::filesystem::path> out;
  std::error_code error;
  for (auto const& item : std::filesystem::directory_iterator(folder, error)) out.push_back(item.path());
  std::ranges::sort(out);
  return out;
}

}  // namespace distren
