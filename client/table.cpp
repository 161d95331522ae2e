#include "client/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <optional>

#include "common/base/text.h"

namespace distren::client {

std::size_t columns_of(std::string const& text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::string clipped(std::string const& text, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t used = 0; at < text.size(); ++at) {
    bool const starts = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80;
    if (starts && used++ == columns) break;
  }
  return text.substr(0, at);
}

void Table::add(std::vector<std::string> cells) {
  if (cells.size() != columns_.size()) std::abort();
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (auto const& column : columns_) {
    titles.push_back(column.title);
    widths.push_back(columns_of(column.title));
  }
  for (auto const& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));

  std::string out;
  auto line = [&](std::vector<std::string> const& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      std::string const space(widths[i] - columns_of(cells[i]), ' ');
      if (i > 0) text += "  ";
      text += columns_[i].align == Align::right ? space + cells[i] : cells[i] + space;
    }
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  line(titles);
  for (auto const& row : rows_) line(row);
  return out;
}

namespace {

std::optional<std::time_t> parse_time(std::string const& iso_time) {
  std::tm parts{};
  if (strptime(iso_time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr &&
      strptime(iso_time.c_str(), "%Y-%m-%d %H:%M:%S", &parts) == nullptr)
    return std::nullopt;
  return timegm(&parts);
}

}  // namespace

std::string ago(std::string const& iso_time, std::int64_t now) {
  auto const time = parse_time(iso_time);
  if (!time) return iso_time;
  auto const then = static_cast<std::int64_t>(*time) * 1000;
  auto const age = now - then;
  if (age >= 86400000) return iso_time.substr(0, 10);
  if (age < 60000) return "just now";
  if (age < 3600000) return fmt::format("{} min ago", age / 60000);
  return human_time(age) + " ago";
}

std::string clock_time(std::string const& iso_time, std::int64_t now) {
  auto const time = parse_time(iso_time);
  if (!time) return iso_time;
  std::time_t const present = now / 1000;
  std::tm there{};
  std::tm here{};
  localtime_r(&*time, &there);
  localtime_r(&present, &here);
  bool const today = there.tm_year == here.tm_year && there.tm_yday == here.tm_yday;
  char text[64];
  return {text, std::strftime(text, sizeof text, today ? "%H:%M" : "%Y-%m-%d %H:%M", &there)};
}

}  // namespace distren::client
