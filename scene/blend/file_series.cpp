#include "scene/blend/file_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "common/base/text.h"

namespace distren {
namespace {

constexpr std::size_t max_parts = 64;  // of a path
constexpr int max_numbers = 100'000;   // asked for, of one series
constexpr std::size_t max_named = 8;   // runs of missing numbers in a sentence
constexpr std::string_view udim = "<UDIM>", uv_tile = "<UVTILE>";

bool ascii_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, ascii_digit);
}

// Written by "%0*d": no zero more than the width needs; a minus sign counts.
bool is_number(std::string_view text, std::size_t digits) {
  bool const negative = text.starts_with('-');
  auto const figures = text.substr(negative ? 1 : 0);
  return all_digits(figures) && (figures.size() == digits || (figures.size() > digits && figures.front() != '0'));
}

bool is_uv_tile(std::string_view text) {
  auto const v = text.find("_v");
  return text.starts_with('u') && v != std::string_view::npos && all_digits(text.substr(1, v - 1)) &&
         all_digits(text.substr(v + 2));
}

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t at = 0, star = std::string_view::npos, mark = 0, i = 0;
  while (at < text.size()) {
    if (i < pattern.size() && pattern[i] == '*') {
      star = i++;
      mark = at;
    } else if (i < pattern.size() && pattern[i] == text[at]) {
      ++i;
      ++at;
    } else if (star != std::string_view::npos) {
      i = star + 1;
      at = ++mark;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', i) == std::string_view::npos;
}

}  // namespace

// The number of a sequence is the last one before the extension, wherever it stands: plate.0001.left.png.
FileSeries::FileSeries(std::string_view name, Extent extent) : before_(name) {
  for (auto const mark : {udim, uv_tile}) {
    auto const at = name.find(mark);
    if (at == std::string_view::npos || extent == Extent::folder) continue;
    kind_ = mark == udim ? Kind::tiles : Kind::uv_tiles;
    before_ = name.substr(0, at);
    after_ = name.substr(at + mark.size());
    digits_ = 4;
    return;
  }
  if (extent == Extent::pattern && name.find('*') != std::string_view::npos) kind_ = Kind::pattern;
  if (extent != Extent::series) return;
  auto end = std::min(name.rfind('.'), name.size());
  while (end > 0 && !ascii_digit(name[end - 1])) --end;
  auto begin = end;
  while (begin > 0 && ascii_digit(name[begin - 1])) --begin;
  if (begin == end) return;
  kind_ = Kind::numbers;
  before_ = name.substr(0, begin);
  after_ = name.substr(end);
  digits_ = end - begin;
}

bool FileSeries::has(std::string_view name) const {
  if (kind_ == Kind::one) return name == before_;
  if (kind_ == Kind::pattern) return fits(before_, name);
  if (name.size() <= before_.size() + after_.size() || !name.starts_with(before_) || !name.ends_with(after_))
    return false;
  auto const middle = name.substr(before_.size(), name.size() - before_.size() - after_.size());
  return kind_ == Kind::uv_tiles ? is_uv_tile(middle) : is_number(middle, digits_);
}

std::string FileSeries::like(std::string_view name) const {
  if (has(name)) return std::string(name);
  FileSeries lower = *this;
  lower.before_ = lower_case(before_);
  lower.after_ = lower_case(after_);
  if (!lower.has(lower_case(name))) return {};
  if (kind_ == Kind::one) return before_;
  if (kind_ == Kind::pattern) return std::string(name);
  return before_ + std::string(name.substr(before_.size(), name.size() - before_.size() - after_.size())) + after_;
}

std::string FileSeries::numbered(int number) const {
  if (kind_ == Kind::numbers || kind_ == Kind::tiles)
    return fmt::format("{}{}{:0{}}{}", before_, number < 0 ? "-" : "", std::abs(number), digits_, after_);
  if (kind_ == Kind::uv_tiles)
    return fmt::format("{}u{}_v{}{}", before_, (number - 1001) % 10 + 1, (number - 1001) / 10 + 1, after_);
  return before_;
}

std::string missing_numbers(ExternalFile const& file, std::function<bool(std::string const& name)> const& exists) {
  auto const slash = file.path.rfind('/');
  FileSeries const series(std::string_view(file.path).substr(slash == std::string::npos ? 0 : slash + 1), file.extent);
  if (!series.many()) return {};
  std::vector<NumberRange> missing;
  int asked = 0;
  for (auto const& range : file.numbers) {
    for (int number = range.first; number <= range.last && asked < max_numbers; ++number, ++asked) {
      if (exists(series.numbered(number))) continue;
      if (!missing.empty() && missing.back().last + 1 >= number && missing.back().first <= number)
        missing.back().last = std::max(number, missing.back().last);
      else
        missing.push_back({number, number});
    }
  }
  std::string out;
  for (std::size_t i = 0; i < std::min(missing.size(), max_named); ++i)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", missing[i].first) +
           (missing[i].last > missing[i].first ? fmt::format("-{}", missing[i].last) : "");
  return missing.size() > max_named ? out + fmt::format(" and {} more runs", missing.size() - max_named) : out;
}

std::vector<std::string> paths_below(std::string_view absolute) {
  std::vector<std::string> out;
  std::string path(absolute);
  std::ranges::replace(path, '\\', '/');
  if (path.size() >= 2 && path[1] == ':') path.erase(0, 2);
  path = std::filesystem::path(path).lexically_normal().generic_string();
  while (out.size() < max_parts) {
    path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
    if (path.empty() || path == "." || path.starts_with("..")) break;
    out.push_back(path);
    path.erase(0, std::min(path.find('/'), path.size()));
  }
  return out;
}

}  // namespace distren
