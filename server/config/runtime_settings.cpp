#include "server/config/runtime_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/base/text.h"

namespace distren {

namespace {

using nlohmann::json;

enum class Kind { text, flag, number };

struct Spec {
  std::string_view name;
  Kind kind;
  std::int64_t least = 0;  // of a text: characters
  std::int64_t most = 0;
};
// The same bounds as in distrend.toml.
constexpr std::array specs{Spec{"name", Kind::text, 1, 60},
                           Spec{"registration", Kind::flag},
                           Spec{"times.session_seconds", Kind::number, 60, 366 * 86400},
                           Spec{"limits.upload_bytes", Kind::number, 1, std::int64_t{1} << 44},
                           Spec{"limits.frames_per_job", Kind::number, 1, 100000},
                           Spec{"limits.files_per_job", Kind::number, 1, 100000},
                           Spec{"limits.address_requests_per_second", Kind::number, 20, 1000000},
                           Spec{"limits.user_requests_per_second", Kind::number, 20, 1000000}};

constexpr std::string_view kind_name(Kind kind) {
  return kind == Kind::text ? "text" : kind == Kind::flag ? "flag" : "number";
}

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::size_t letters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool plain_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool good(Spec const& spec, std::string_view text) {
  switch (spec.kind) {
    case Kind::text:
      return plain_line(text) && letters_of(text) >= static_cast<std::size_t>(spec.least) &&
             letters_of(text) <= static_cast<std::size_t>(spec.most);
    case Kind::flag:
      return text == "true" || text == "false";
    case Kind::number: {
      auto const number = number_of(text);
      return number && *number >= spec.least && *number <= spec.most;
    }
  }
  return false;
}

json typed(Spec const& spec, std::string const& text) {
  if (spec.kind == Kind::flag) return text == "true";
  if (spec.kind == Kind::number) return number_of(text).value_or(0);
  return text;
}

std::string file_text(ServerConfig const& file, std::string_view name) {
  if (name == "name") return file.name;
  if (name == "registration") return file.registration ? "true" : "false";
  if (name == "times.session_seconds") return fmt::to_string(file.times.session_seconds);
  if (name == "limits.upload_bytes") return fmt::to_string(file.limits.upload_bytes);
  if (name == "limits.frames_per_job") return fmt::to_string(file.limits.frames_per_job);
  if (name == "limits.files_per_job") return fmt::to_string(file.limits.files_per_job);
  if (name == "limits.address_requests_per_second") return fmt::to_string(file.limits.address_requests_per_second);
  return fmt::to_string(file.limits.user_requests_per_second);
}

// Settings that only the file has: needed at start, or too dangerous to change with a stolen login. No secrets.
std::vector<std::pair<std::string_view, json>> fixed(ServerConfig const& file) {
  return {{"public_url", file.public_url},
          {"cors_origins", fmt::format("{}", fmt::join(file.cors_origins, ", "))},
          {"listen.line", file.listen.line},
          {"listen.https", file.listen.https},
          {"listen.http", file.listen.http},
          {"stor", file.stor.string()},
          {"points.grant_by", file.points.grant_by},
          {"sandbox", file.sandbox},
          {"benchmark_seconds", file.benchmark_seconds},
          {"limits.io_threads", file.limits.io_threads},
          {"limits.worker_threads", file.limits.worker_threads},
          {"limits.request_queue", file.limits.request_queue},
          {"limits.result_bytes", file.limits.result_bytes},
          {"limits.min_free_bytes", file.limits.min_free_bytes},
          {"limits.renderer_bytes", file.limits.renderer_bytes},
          {"limits.renderer_entries", file.limits.renderer_entries},
          {"limits.renderer_ratio", file.limits.renderer_ratio},
          {"times.lease_seconds", file.times.lease_seconds},
          {"times.frame_limit_seconds", file.times.frame_limit_seconds},
          {"times.heartbeat_seconds", file.times.heartbeat_seconds},
          {"times.telemetry_seconds", file.times.telemetry_seconds},
          {"times.signed_url_seconds", file.times.signed_url_seconds},
          {"mail.server", file.mail.server},
          {"mail.from", file.mail.from},
          {"mail.tls", file.mail.tls},
          {"webhook.enabled", file.webhook.enabled},
          {"webhook.private_addresses", file.webhook.private_addresses},
          {"log.level", file.log_level}};
}

}  // namespace

RuntimeSettings::Values RuntimeSettings::now() const {
  std::lock_guard const lock(mutex_);
  auto const text = [this](std::string const& name) {
    auto const found = set_.find(name);
    return found == set_.end() ? file_text(file_, name) : found->second;
  };
  auto const number = [&text](char const* name) { return number_of(text(name)).value_or(0); };
  return {.name = text("name"),
          .registration = text("registration") == "true",
          .session_s = static_cast<int>(number("times.session_seconds")),
          .upload_bytes = number("limits.upload_bytes"),
          .frames_per_job = static_cast<int>(number("limits.frames_per_job")),
          .files_per_job = static_cast<int>(number("limits.files_per_job")),
          .address_requests_per_second = static_cast<int>(number("limits.address_requests_per_second")),
          .user_requests_per_second = static_cast<int>(number("limits.user_requests_per_second"))};
}

void RuntimeSettings::take(std::map<std::string, std::string> kept) {
  std::erase_if(kept, [](auto const& each) {
    auto const spec = std::ranges::find(specs, std::string_view(each.first), &Spec::name);
    return spec == specs.end() || !good(*spec, each.second);
  });
  {
    std::lock_guard const lock(mutex_);
    set_ = std::move(kept);
  }
  keep_rates();
}

void RuntimeSettings::keep_rates() {
  auto const values = now();
  address_rate_ = values.address_requests_per_second;
  user_rate_ = values.user_requests_per_second;
}

Result<std::string> RuntimeSettings::check(std::string_view name, json const& value) const {
  auto const spec = std::ranges::find(specs, name, &Spec::name);
  if (spec == specs.end()) {
    auto const only = fixed(file_);
    if (std::ranges::find(only, name, &std::pair<std::string_view, json>::first) != only.end())
      return fail(Errc::not_found, fmt::format("{} stands in distrend.toml alone; change it there and restart", name));
    return fail(Errc::not_found, fmt::format("there is no setting '{}'", printable(name, 60)));
  }
  std::string text;
  if (spec->kind == Kind::text && value.is_string())
    text = value.get<std::string>();
  else if (spec->kind == Kind::flag && value.is_boolean())
    text = value.get<bool>() ? "true" : "false";
  else if (spec->kind == Kind::number && value.is_number_integer() &&
           !(value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)))
    text = fmt::to_string(value.get<std::int64_t>());
  else
    return fail(Errc::invalid, fmt::format("{}: the value is no {}", name,
                                           spec->kind == Kind::flag   ? std::string_view("true or false")
                                           : spec->kind == Kind::text ? std::string_view("text")
                                                                      : std::string_view("whole number")));
  if (good(*spec, text)) return text;
  if (spec->kind == Kind::text)
    return fail(Errc::invalid,
                fmt::format("{}: it has {} to {} characters on one line", name, spec->least, spec->most));
  return fail(Errc::invalid, fmt::format("{}: {} is not between {} and {}", name, text, spec->least, spec->most));
}

json RuntimeSettings::list() const {
  std::lock_guard const lock(mutex_);
  auto items = json::array();
  for (auto const& spec : specs) {
    auto const file = file_text(file_, spec.name);
    auto const found = set_.find(std::string(spec.name));
    bool const is_set = found != set_.end();
    items.push_back({{"name", spec.name},
                     {"kind", kind_name(spec.kind)},
                     {"value", typed(spec, is_set ? found->second : file)},
                     {"file_value", typed(spec, file)},
                     {"is_overridden", is_set},
                     {"minimum", spec.kind == Kind::flag ? json(nullptr) : json(spec.least)},
                     {"maximum", spec.kind == Kind::flag ? json(nullptr) : json(spec.most)}});
  }
  for (auto const& [name, value] : fixed(file_))
    items.push_back({{"name", name},
                     {"kind", "fixed"},
                     {"value", value},
                     {"file_value", value},
                     {"is_overridden", false},
                     {"minimum", nullptr},
                     {"maximum", nullptr}});
  return items;
}

}  // namespace distren
