// Every message between server and slaves (doc/protocol.md) as a value: those of the connection. The others are in
// hello.h, order.h, result.h and telemetry.h. Beside each stands members(): name and limit of every member, once, for
// whoever reads, writes or documents messages. Times are in milliseconds, memory in MiB, sizes in bytes. Any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/result.h"
#include "common/protocol/limits.h"

namespace distren::protocol {

template <typename Message, typename Plain>
concept Is = std::same_as<std::remove_const_t<Message>, Plain>;

enum class Written { always, unless_empty };  // empty: 0, "", {}, false or as a default-made value

template <typename Value>
struct ChoiceName {
  Value value;
  std::string_view name;
};

// Empty: it has none, as by default.
template <typename Value, std::size_t count>
constexpr std::string_view choice_name(ChoiceName<Value> const (&choices)[count], Value value) {
  for (auto const& each : choices) {
    if (each.value == value) return each.name;
  }
  return {};
}

inline constexpr ChoiceName<Errc> error_codes[] = {{Errc::invalid, "invalid"},
                                                   {Errc::denied, "denied"},
                                                   {Errc::not_found, "not_found"},
                                                   {Errc::conflict, "conflict"},
                                                   {Errc::unavailable, "unavailable"}};

struct Ping {
  static constexpr std::string_view type = "ping";
};
void members(auto&, Is<Ping> auto&) {}

struct Pong {
  static constexpr std::string_view type = "pong";
};
void members(auto&, Is<Pong> auto&) {}

struct ErrorMessage {
  static constexpr std::string_view type = "error";
  Errc code = Errc::invalid;
  std::string message{};
};
void members(auto& visit, Is<ErrorMessage> auto& error) {
  visit.choice("code", error.code, error_codes);
  visit.text("message", error.message, limits::messages);
}

struct SignOn {
  static constexpr std::string_view type = "sign_on";
  int protocol = 0;
  std::string slavekey{};
  std::string slavepassword{};
  std::string instance{};  // random per process
  std::string software{};
};
void members(auto& visit, Is<SignOn> auto& sign_on) {
  visit.integer("protocol", sign_on.protocol, limits::versions);
  visit.text("slavekey", sign_on.slavekey, limits::credentials);
  visit.text("slavepassword", sign_on.slavepassword, limits::credentials);
  visit.text("instance", sign_on.instance, limits::instances);
  visit.text("software", sign_on.software, limits::software);
}

struct Refused {
  static constexpr std::string_view type = "refused";
  Errc code = Errc::invalid;
  std::string message{};
  std::int64_t retry_after_ms = 0;  // 0: absent
};
void members(auto& visit, Is<Refused> auto& refused) {
  visit.choice("code", refused.code, error_codes);
  visit.text("message", refused.message, limits::messages);
  visit.integer("retry", refused.retry_after_ms, limits::retries_ms, Written::unless_empty);
}

// Settings that the owner of a slave requests; absent ones are those of the slave's own file.
struct RemoteSettings {
  static constexpr std::string_view type = "settings";
  std::optional<int> threads{};
  std::optional<int> memory_mib{};
  std::optional<int> minutes_per_frame{};
  std::optional<std::vector<std::string>> schedule{};
  std::optional<bool> paused{};
  bool operator==(RemoteSettings const&) const = default;
};
void members(auto& visit, Is<RemoteSettings> auto& settings) {
  visit.integer("threads", settings.threads, limits::requested_threads);
  visit.integer("memory", settings.memory_mib, limits::requested_memory_mib);
  visit.integer("minutes_per_frame", settings.minutes_per_frame, limits::requested_minutes);
  visit.lines("schedule", settings.schedule, limits::max_schedule_lines, limits::schedule_lines);
  visit.flag("paused", settings.paused);
}

struct Cancel {
  static constexpr std::string_view type = "cancel";
  std::int64_t attempt = 0;
  std::string reason{};
};
void members(auto& visit, Is<Cancel> auto& cancel) {
  visit.integer("attempt", cancel.attempt, limits::optional_ids);
  visit.text("reason", cancel.reason, limits::reasons);
}

struct CancelledAttempt {  // in a welcome
  std::int64_t attempt = 0;
  std::string reason{};
};
void members(auto& visit, Is<CancelledAttempt> auto& cancelled) {
  visit.integer("attempt", cancelled.attempt, limits::ids);
  visit.text("reason", cancelled.reason, limits::reasons);
}

struct Welcome {
  static constexpr std::string_view type = "welcome";
  int protocol = version;
  std::int64_t slave = 0;
  std::string name{};
  std::string software{};
  std::int64_t sent_at_ms = 0;  // UNIX time
  std::string files_url{};      // empty: the host of the line, port 8443
  std::int64_t heartbeat_ms = 30'000;
  std::int64_t telemetry_interval_ms = 0;  // 0: none is wanted
  std::optional<RemoteSettings> remote_settings{};
  std::vector<CancelledAttempt> cancelled_attempts{};  // over HTTPS; on the line each is a message
};
void members(auto& visit, Is<Welcome> auto& welcome) {
  visit.integer("protocol", welcome.protocol, limits::versions);
  visit.integer("slave", welcome.slave, limits::optional_ids);
  visit.text("name", welcome.name, limits::names);
  visit.text("server", welcome.software, limits::software);
  visit.integer("time", welcome.sent_at_ms, limits::unix_times_ms);
  visit.text("url", welcome.files_url, limits::urls, Written::unless_empty);
  visit.integer("heartbeat", welcome.heartbeat_ms, limits::heartbeats_ms);
  visit.integer("telemetry", welcome.telemetry_interval_ms, limits::telemetry_intervals_ms, Written::unless_empty);
  visit.object("settings", welcome.remote_settings);
  visit.objects("cancel", welcome.cancelled_attempts, limits::max_holding, Written::unless_empty);
}

}  // namespace distren::protocol
