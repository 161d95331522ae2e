// Which names of files a path of a scene stands for, as Blender reads them: numbered images, tiles, patterns, and paths
// of another machine. One set of rules for the client, which sends the files, and the server, which looks for them
// among those that were sent; methods/blender/distren_paths.py finds them alike. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "scene/blend/blend_file.h"

namespace distren {

// The names in its folder that the last part of a path stands for.
class FileSeries {
public:
  FileSeries(std::string_view name, Extent extent);

  // False for one name alone, also when a series has no number in it.
  [[nodiscard]] bool many() const { return kind_ != Kind::one; }
  [[nodiscard]] bool has(std::string_view name) const;
  // In other upper and lower case: how the scene would call this name; empty when it is none of the series.
  [[nodiscard]] std::string like(std::string_view name) const;
  // The name of this number: of a frame, or of a tile like 1001.
  [[nodiscard]] std::string numbered(int number) const;

private:
  enum class Kind { one, numbers, tiles, uv_tiles, pattern };
  Kind kind_ = Kind::one;
  std::string before_, after_;  // of the number; `before_` alone: the name, or the pattern
  std::size_t digits_ = 0;
};

// "7, 9-12": the numbers that are missing among those that must be there; exists is asked for names. Empty: none.
std::string missing_numbers(ExternalFile const& file, std::function<bool(std::string const& name)> const& exists);

// What an absolute path of another machine may be below a folder, the most likely first: "F:/film/tex/wood.png" is
// film/tex/wood.png, else tex/wood.png, else wood.png.
std::vector<std::string> paths_below(std::string_view absolute);

}  // namespace distren
