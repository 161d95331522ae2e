// Text for users: safe to print, easy to read. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace distren {

// Control characters become spaces, and the text ends with "..." past `limit` bytes: for untrusted text on a terminal
// or in a log.
std::string printable(std::string_view text, std::size_t limit = 1000);

// The longest prefix of a UTF-8 text of at most `limit` bytes without a partial character at its end, which JSON and
// the database reject.
std::string whole_characters(std::string_view text, std::size_t limit);

// ASCII letters in lower case; independent of the locale.
std::string lower_case(std::string_view text);

// 1234567 is "1,234,567".
std::string grouped(std::uint64_t number);

// Bytes in powers of 1024 with three significant digits: "830 B", "1.21 MiB".
std::string human_size(std::int64_t bytes);

// "850 ms", "42 s", "3 min 05 s", "2 h 07 min", "3 d 04 h".
std::string human_time(std::int64_t milliseconds);

// Milliseconds since 1970 as "2026-01-05T10:00:00.123Z".
std::string iso_time(std::int64_t unix_ms);

// The same backwards, as RFC 3339 has it: with or without a fraction, of which milliseconds count, and with Z or an
// offset; nothing for another form or a date that is not in the calendar.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

}  // namespace distren
