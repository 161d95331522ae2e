// Limits of the messages between server and slaves (doc/protocol.md): bytes of texts in UTF-8, counts of lists, ranges
// of numbers. Pure values. Who reads a message holds to them, who writes one cuts texts and lists by them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace distren::protocol {

inline constexpr int version = 1;

inline constexpr std::size_t max_line_bytes = 64U << 10;  // of a message, both ways; longer lists come by HTTPS
inline constexpr std::size_t max_problems = 20;           // that a reader names

// A number out of range counts as left out, or as the nearest bound.
struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = 0;
  bool clamped = false;
};
struct NumberRange {
  double min = 0;
  double max = 0;
  bool clamped = false;
};
// A longer text loses its end, or its beginning in whole lines, or counts as left out where a part of it would be of no
// use.
enum class Excess { cut_end, cut_beginning, dropped };
struct TextLimit {
  std::size_t max_bytes = 0;
  Excess excess = Excess::cut_end;
};

namespace limits {

// Integers that every JSON reader keeps exact: to 2^53 - 1.
inline constexpr std::int64_t largest_integer = (std::int64_t{1} << 53) - 1;
inline constexpr IntegerRange ids{1, largest_integer};
inline constexpr IntegerRange versions{1, 1'000'000};
inline constexpr IntegerRange unix_times_ms{0, largest_integer};
inline constexpr IntegerRange file_sizes{0, std::int64_t{1} << 40};
inline constexpr IntegerRange memory_mib{0, 1 << 26};

// of every message
inline constexpr TextLimit message_ids{64, Excess::dropped};
inline constexpr TextLimit times{40, Excess::dropped};

// sign_on, welcome, refused, error, goodbye
inline constexpr std::size_t max_protocols = 16;
inline constexpr std::size_t max_offers = 64;
inline constexpr TextLimit offers{40, Excess::dropped};
inline constexpr TextLimit roles{40};
inline constexpr TextLimit sessions{200, Excess::dropped};
inline constexpr TextLimit codes{60};
inline constexpr std::size_t max_servers = 16;
inline constexpr std::size_t max_file_origins = 8;
inline constexpr IntegerRange rates{1, 1'000'000};
inline constexpr TextLimit credentials{200, Excess::dropped};
inline constexpr TextLimit instances{200, Excess::dropped};
inline constexpr TextLimit software_names{100};
inline constexpr TextLimit software_versions{60};
inline constexpr TextLimit names{200};
inline constexpr TextLimit messages{2000};
inline constexpr TextLimit urls{8000, Excess::dropped};
inline constexpr IntegerRange heartbeats_ms{1000, 300'000, true};
inline constexpr IntegerRange telemetry_intervals_ms{1000, 3'600'000, true};
inline constexpr IntegerRange retries_ms{0, 3'600'000, true};

// announce, settings
inline constexpr IntegerRange cores{0, 4096};
inline constexpr IntegerRange slots{0, 64};
inline constexpr IntegerRange frame_times_ms{1, std::int64_t{100'000} * 60'000};
inline constexpr IntegerRange disk_mib{0, 4'000'000'000};
inline constexpr std::size_t max_renderers = 64;
inline constexpr TextLimit method_names{40};
inline constexpr TextLimit device_tags{23};
inline constexpr TextLimit builds{64, Excess::dropped};
inline constexpr TextLimit platforms{40};
inline constexpr TextLimit renderer_keys{44, Excess::dropped};  // Ed25519, base64
inline constexpr TextLimit signatures{88, Excess::dropped};     // Ed25519, base64
inline constexpr std::size_t max_engines = 16;
inline constexpr std::size_t max_devices = 16;
inline constexpr TextLimit device_names{100};
inline constexpr std::size_t max_holding = 1000;
inline constexpr std::size_t max_blocks = 1000;  // of each sort
inline constexpr TextLimit user_names{200, Excess::dropped};
inline constexpr IntegerRange requested_threads{1, 1024};
inline constexpr IntegerRange requested_memory_mib{64, 1 << 26};
inline constexpr std::size_t max_schedule_lines = 50;
inline constexpr TextLimit schedule_lines{60, Excess::dropped};
inline constexpr TextLimit problems{300};

// order
inline constexpr TextLimit leases{500, Excess::dropped};
inline constexpr TextLimit paths{4000, Excess::dropped};
inline constexpr TextLimit digests{64, Excess::dropped};
inline constexpr std::size_t max_inputs = 100'000;
inline constexpr std::size_t max_attempts = 64;  // of one order
inline constexpr std::size_t max_outputs = 64;   // of one frame
inline constexpr IntegerRange image_sides{0, 65'536};
inline constexpr IntegerRange frames{INT32_MIN, INT32_MAX};
inline constexpr IntegerRange lease_times_ms{3000, 86'400'000, true};
inline constexpr IntegerRange time_limits_ms{1000, 604'800'000, true};

// progress, result, log, verdict
inline constexpr NumberRange fractions{0, 1, true};
inline constexpr IntegerRange durations_ms{0, std::int64_t{366} * 24 * 3600 * 1000};
inline constexpr TextLimit reasons{1000};
inline constexpr TextLimit logs{16U << 10, Excess::cut_beginning};
inline constexpr std::size_t max_progress = 64;
inline constexpr std::size_t max_warnings = 20;
inline constexpr IntegerRange counts{1, 1'000'000'000};
inline constexpr TextLimit warnings{1000};
inline constexpr TextLimit output_names{255, Excess::dropped};

// telemetry
inline constexpr NumberRange loads{0, 650};
inline constexpr NumberRange percents{0, 100};
inline constexpr NumberRange free_memory_mib{0, 1 << 26};
inline constexpr NumberRange total_memory_mib{1, 1 << 26};
inline constexpr NumberRange free_disk_mib{0, 4e9};
inline constexpr NumberRange temperatures_celsius{-60, 125};

}  // namespace limits

}  // namespace distren::protocol
