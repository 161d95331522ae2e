// A table for terminals: columns as wide as their widest cell, numbers to the right, no trailing spaces.
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
  void add(std::vector<std::string> cells);  // as many as there are columns
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text() const;  // with the titles; every line ends with a newline

private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that UTF-8 text takes on a terminal, counting one for each character.
std::size_t columns_of(std::string const& text);

// The text's beginning that fits into so many columns.
std::string clipped(std::string const& text, std::size_t columns);

// "2026-01-05T10:00:00Z" as "5 min ago" or, when older than a day, "2026-01-05". now: ms since 1970, UTC.
std::string ago(std::string const& iso_time, std::int64_t now);

// The same form as a time in the reader's zone: "14:20", or on another day "2026-01-06 14:20"; "" stays "".
std::string clock_time(std::string const& iso_time, std::int64_t now);

}  // namespace distren::client
