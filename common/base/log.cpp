#include "common/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace distren {

Result<void> start_log(std::string_view program, std::string_view level, std::string const& file) {
  auto const parsed = spdlog::level::from_str(std::string(level));
  if (parsed == spdlog::level::off && level != "off")
    return fail(Errc::invalid,
                fmt::format("'{}' is not a log level; use trace, debug, info, warn, error or off", level));
  try {
    spdlog::sink_ptr sink;
    if (file.empty())
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    auto logger = std::make_shared<spdlog::logger>(std::string(program), std::move(sink));
    logger->set_level(parsed);
    logger->flush_on(spdlog::level::info);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n[%P] %v", spdlog::pattern_time_type::utc);
    spdlog::set_default_logger(std::move(logger));
  } catch (spdlog::spdlog_ex const& problem) {
    return fail(Errc::unavailable, fmt::format("cannot log to '{}': {}", file, problem.what()));
  }
  return {};
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  bool const cut = text.size() > 500;
  for (char const c : text.substr(0, 500)) {
    auto const byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (cut) out += "...";
  out += '"';
  return out;
}

}  // namespace distren
