// A table for terminals: columns as wide as their widest cell, numbers right-aligned, no trailing spaces.
#pragma once

#include <string>
#include <vector>

namespace distren::client {

enum class Align { left, right };

class Table {
public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);  // one for each column
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text() const;  // with the titles; every line ends with a newline

private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Width of UTF-8 text in terminal columns, counting one for each character.
std::size_t columns_of(std::string const& text);

// The longest prefix of the text that fits into that many columns.
std::string clipped(std::string const& text, std::size_t columns);

// "2026-01-05T10:00:00Z" as "5 min ago" or, when older than a day, "2026-01-05". now: ms since 1970, UTC.
std::string ago(std::string const& iso_time, std::int64_t now);

// The same time in the local time zone: "14:20", or on another day "2026-01-06 14:20"; "" stays "".
std::string clock_time(std::string const& iso_time, std::int64_t now);

}  // namespace distren::client
