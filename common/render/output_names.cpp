#include "common/render/output_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "common/base/files.h"
#include "common/base/text.h"

namespace distren {

namespace {

// What Blender writes.
constexpr std::string_view extensions[] = {".avif", ".bmp", ".cin", ".dpx", ".exr", ".hdr", ".j2c",  ".jp2",
                                           ".jpeg", ".jpg", ".png", ".rgb", ".tga", ".tif", ".tiff", ".webp"};

bool ends_like_an_image(std::string_view name) {
  auto const dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || name[dot - 1] == '/') return false;
  std::string extension(name.substr(dot));
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::find(extensions, extension) != std::end(extensions);
}

}  // namespace

Result<void> check_output_name(std::string_view name) {
  auto const refuse = [name](std::string_view reason) {
    return fail(Errc::invalid, fmt::format("the file name '{}' cannot be used: {}", printable(name, 100), reason));
  };
  if (auto const good = check_relative_path(name); !good) return good;
  if (name.size() > longest_output_name) return refuse("it is longer than 255 bytes");
  if (name.front() == '.' || name.find("/.") != std::string_view::npos) return refuse("a part of it is hidden");
  if (!ends_like_an_image(name)) return refuse("it does not end like an image");
  return {};
}

bool is_main_output_name(std::string_view pattern, std::string_view name) {
  auto const from = pattern.find("%0");
  auto const to = from == std::string_view::npos ? from : pattern.find('d', from);
  if (to == std::string_view::npos) return name == pattern;
  auto const before = pattern.substr(0, from), after = pattern.substr(to + 1);
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after)) return false;
  auto number = name.substr(before.size(), name.size() - before.size() - after.size());
  if (number.starts_with('-')) number.remove_prefix(1);
  return !number.empty() && std::ranges::all_of(number, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace distren
