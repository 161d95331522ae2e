#include "client/scene_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "common/base/text.h"

namespace distren::client {
namespace {

namespace fs = std::filesystem;

bool is_left_out(std::string const& name, bool folder) {
  if (folder) return name == ".git" || name == ".svn" || name == ".hg" || name == "__MACOSX" || name == "__pycache__";
  if (name.ends_with('~') || name.ends_with(".blend@") || name == ".DS_Store" || name == "Thumbs.db") return true;
  auto const mark = name.rfind(".blend");
  return mark != std::string::npos && mark + 6 < name.size() &&
         std::all_of(name.begin() + static_cast<std::ptrdiff_t>(mark) + 6, name.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

class Walk {
public:
  Walk(fs::path const& root, EachFile const& each) : root_(root), each_(each) {}

  Result<void> folder(fs::path const& folder, fs::path const& below) {
    std::error_code code;
    auto const real = fs::canonical(folder, code);
    if (code || !lies_below(root_, real))
      return fail(Errc::invalid, fmt::format("the folder '{}' is a link that leads out of '{}'; put a copy in its "
                                             "place",
                                             folder.string(), root_.string()));
    if (std::ranges::find(above_, real) != above_.end()) return {};  // a link to a folder that contains it
    above_.push_back(real);
    fs::directory_iterator entries(folder, code);
    for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
      std::error_code ignored;
      auto const name = entries->path().filename();
      bool const is_folder = entries->is_directory(ignored);
      if (is_left_out(name.string(), is_folder)) continue;
      auto done = is_folder ? this->folder(entries->path(), below / name) : each_(entries->path(), below / name);
      if (!done) return done;
    }
    above_.pop_back();
    if (code)
      return fail(Errc::invalid, fmt::format("cannot read the folder '{}': {}", folder.string(), code.message()));
    return {};
  }

private:
  fs::path const& root_;
  EachFile const& each_;
  std::vector<fs::path> above_;  // the folders that this one is in
};

fs::path named_alike(fs::path const& folder, std::string const& name) {
  auto const wanted = lower_case(name);
  fs::path found;
  std::error_code code;
  fs::directory_iterator entries(folder, code);
  for (; !code && entries != fs::directory_iterator(); entries.increment(code)) {
    if (lower_case(entries->path().filename().string()) != wanted) continue;
    if (!found.empty()) return {};  // either may be meant
    found = entries->path();
  }
  return found;
}

}  // namespace

bool lies_below(fs::path const& folder, fs::path const& path) {
  auto const relative = path.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

Result<void> each_file_in(fs::path const& root, fs::path const& folder, EachFile const& each) {
  return Walk(root, each).folder(folder, {});
}

fs::path find_alike(fs::path const& root, fs::path const& path) {
  std::error_code code;
  if (fs::exists(path, code)) return path;
  if (!lies_below(root, path)) return {};
  auto at = root;
  for (auto const& part : path.lexically_relative(root)) {
    auto next = at / part;
    if (!fs::exists(next, code)) next = named_alike(at, part.string());
    if (next.empty()) return {};
    at = std::move(next);
  }
  return at;
}

}  // namespace distren::client
