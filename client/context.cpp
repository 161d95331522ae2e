#include "client/context.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace distren::client {

Result<Session> Context::session() const {
  auto settings = resolve_settings(options, [](char const* name) -> char const* { return std::getenv(name); });
  if (!settings) return settings.error();
  return Session(*std::move(settings));
}

void Context::print(Json const& json, std::string const& text) const {
  // Names come from other users: escaped, they cannot control a terminal.
  auto const out = options.json ? json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n" : text;
  std::fwrite(out.data(), 1, out.size(), stdout);
}

void Context::report(Json const& json, std::string const& text) const {
  if (options.json || !options.quiet) print(json, text);
}

void Context::note(std::string const& line) const {
  if (!options.quiet) complain(line);
}

void Context::complain(std::string const& line) {
  fmt::print(stderr, "{}\n", line);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace distren::client
