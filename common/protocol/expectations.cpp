#include "common/protocol/expectations.h"

#include <fmt/format.h>

#include "common/base/text.h"

namespace distren::protocol {

namespace {

std::string bound(std::int64_t value) {
  return value < 0 ? "-" + grouped(static_cast<std::uint64_t>(-value)) : grouped(static_cast<std::uint64_t>(value));
}

}  // namespace

std::string expectation(IntegerRange range) {
  if (range.max == limits::largest_integer) return fmt::format("an integer from {} to 2^53 - 1", bound(range.min));
  return fmt::format("an integer from {} to {}", bound(range.min), bound(range.max));
}

std::string expectation(NumberRange range) {
  return fmt::format("a number from {} to {}", bound(static_cast<std::int64_t>(range.min)),
                     bound(static_cast<std::int64_t>(range.max)));
}

std::string expectation(TextLimit limit) {
  return fmt::format("a text of at most {} bytes", grouped(limit.max_bytes));
}

std::string list_expectation(std::size_t max, std::string_view of) {
  return fmt::format("a list of at most {}: {}", grouped(max), of);
}

std::string choice_expectation(std::vector<std::string_view> const& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

std::string cut(std::string const& text, TextLimit limit) {
  if (text.size() <= limit.max_bytes) return text;
  if (limit.excess != Excess::cut_beginning) return whole_characters(text, limit.max_bytes);
  std::size_t from = text.size() - limit.max_bytes;
  while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0U) == 0x80U) ++from;
  auto const line = text.find('\n', from);
  return text.substr(line == std::string::npos ? from : line + 1);
}

}  // namespace distren::protocol
