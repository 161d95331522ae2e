// Every message between server and slaves (doc/protocol.md) as a value: those of the connection. The others are in
// announce.h, order.h, result.h and telemetry.h. Beside each stands members(): name and limit of every member, once,
// for whoever reads, writes or documents messages. Times are in milliseconds, memory in MiB, sizes in bytes. Any
// thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

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

// Why a message was not used. One of an unknown type is harmless: it may be of a later version.
enum class ErrorCode { other, invalid_message, unsupported_type, sign_on_first, line_too_long, slow_down };
inline constexpr ChoiceName<ErrorCode> error_codes[] = {{ErrorCode::invalid_message, "invalid_message"},
                                                        {ErrorCode::unsupported_type, "unsupported_type"},
                                                        {ErrorCode::sign_on_first, "sign_on_first"},
                                                        {ErrorCode::line_too_long, "line_too_long"},
                                                        {ErrorCode::slow_down, "slow_down"}};

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
  ErrorCode code = ErrorCode::other;
  std::string message{};
};
void members(auto& visit, Is<ErrorMessage> auto& error) {
  visit.choice("code", error.code, error_codes);
  visit.text("message", error.message, limits::messages);
}

struct Software {
  std::string name{};
  std::string version{};
  bool operator==(Software const&) const = default;
};
void members(auto& visit, Is<Software> auto& software) {
  visit.text("name", software.name, limits::software_names);
  visit.text("version", software.version, limits::software_versions);
}

struct SignOn {
  static constexpr std::string_view type = "sign_on";
  std::vector<std::int64_t> protocols{};  // that it speaks; version 0.1 said another member, and reads as empty
  std::string slavekey{};
  std::string slavepassword{};
  std::string instance{};  // random per process
  Software software{};
  std::string role = "slave";
  std::vector<std::string> offers{};  // what it can do beyond the first version; neither side uses what the other lacks
};
void members(auto& visit, Is<SignOn> auto& sign_on) {
  visit.integers("protocols", sign_on.protocols, limits::max_protocols, limits::versions);
  visit.text("slavekey", sign_on.slavekey, limits::credentials);
  visit.text("slavepassword", sign_on.slavepassword, limits::credentials);
  visit.text("instance", sign_on.instance, limits::instances);
  visit.object("software", sign_on.software);
  visit.text("role", sign_on.role, limits::roles);
  visit.texts("offers", sign_on.offers, limits::max_offers, limits::offers);
}

enum class RefusedCode {
  other,
  wrong_credentials,
  slave_disabled,
  slave_revoked,
  account_blocked,
  slave_online_elsewhere,
  protocol_unsupported,
  software_too_old,
  rate_limited,
  busy
};
inline constexpr ChoiceName<RefusedCode> refused_codes[] = {
    {RefusedCode::wrong_credentials, "wrong_credentials"},
    {RefusedCode::slave_disabled, "slave_disabled"},
    {RefusedCode::slave_revoked, "slave_revoked"},
    {RefusedCode::account_blocked, "account_blocked"},
    {RefusedCode::slave_online_elsewhere, "slave_online_elsewhere"},
    {RefusedCode::protocol_unsupported, "protocol_unsupported"},
    {RefusedCode::software_too_old, "software_too_old"},
    {RefusedCode::rate_limited, "rate_limited"},
    {RefusedCode::busy, "busy"}};

struct Refused {
  static constexpr std::string_view type = "refused";
  RefusedCode code = RefusedCode::other;
  std::string message{};
  std::optional<std::int64_t> retry_ms{};  // nothing: it is for good
  std::string minimum{};                   // software_too_old: the oldest version that is welcome
};
void members(auto& visit, Is<Refused> auto& refused) {
  visit.choice("code", refused.code, refused_codes);
  visit.text("message", refused.message, limits::messages);
  visit.integer("retry_ms", refused.retry_ms, limits::retries_ms);
  visit.text("minimum", refused.minimum, limits::software_versions, Written::unless_empty);
}

// Settings that the owner of a slave requests; absent ones are those of the slave's own file.
struct RemoteSettings {
  std::optional<int> threads{};
  std::optional<int> memory_mib{};
  std::optional<std::int64_t> max_frame_ms{};
  std::optional<std::vector<std::string>> schedule{};
  std::optional<bool> paused{};
  bool operator==(RemoteSettings const&) const = default;
};
void members(auto& visit, Is<RemoteSettings> auto& settings) {
  visit.integer("threads", settings.threads, limits::requested_threads);
  visit.integer("memory_mib", settings.memory_mib, limits::requested_memory_mib);
  visit.integer("max_frame_ms", settings.max_frame_ms, limits::frame_times_ms);
  visit.lines("schedule", settings.schedule, limits::max_schedule_lines, limits::schedule_lines);
  visit.flag("paused", settings.paused);
}

struct SettingsMessage {
  static constexpr std::string_view type = "settings";
  RemoteSettings requested{};  // all of them
};
void members(auto& visit, Is<SettingsMessage> auto& settings) {
  visit.object("requested", settings.requested);
}

struct Cancel {
  static constexpr std::string_view type = "cancel";
  std::vector<std::int64_t> attempts{};
  std::string code{};
  std::string message{};
};
void members(auto& visit, Is<Cancel> auto& cancel) {
  visit.integers("attempts", cancel.attempts, limits::max_holding, limits::ids);
  visit.text("code", cancel.code, limits::codes);
  visit.text("message", cancel.message, limits::reasons);
}

// Before a close by intent.
struct Goodbye {
  static constexpr std::string_view type = "goodbye";
  std::string code{};
  std::string message{};
  std::optional<std::int64_t> retry_ms{};  // not before; nothing: not at all
  std::vector<std::string> servers{};      // to go to instead, HOST:PORT
};
void members(auto& visit, Is<Goodbye> auto& goodbye) {
  visit.text("code", goodbye.code, limits::codes);
  visit.text("message", goodbye.message, limits::messages);
  visit.integer("retry_ms", goodbye.retry_ms, limits::retries_ms);
  visit.texts("servers", goodbye.servers, limits::max_servers, limits::urls);
}

struct WelcomeSlave {
  std::int64_t id = 0;
  std::string name{};
};
void members(auto& visit, Is<WelcomeSlave> auto& slave) {
  visit.integer("id", slave.id, limits::ids);
  visit.text("name", slave.name, limits::names);
}

// What a slave may send. Beyond it the server stops reading for a while.
struct RateLimits {
  int messages_per_second = 200;
  int announces_per_minute = 60;
  int unanswered_results = 256;
};
void members(auto& visit, Is<RateLimits> auto& rates) {
  visit.integer("messages_per_second", rates.messages_per_second, limits::rates);
  visit.integer("announces_per_minute", rates.announces_per_minute, limits::rates);
  visit.integer("unanswered_results", rates.unanswered_results, limits::rates);
}

struct Welcome {
  static constexpr std::string_view type = "welcome";
  int protocol = version;
  WelcomeSlave slave{};
  std::string session{};  // over HTTPS: the bearer token of what follows
  Software server{};
  std::vector<std::string> offers{};
  std::int64_t now_ms = 0;                  // UNIX time
  std::string base_url{};                   // empty: the host of the line, port 8443
  std::vector<std::string> file_origins{};  // that URLs of orders may have beside that of base_url
  std::int64_t heartbeat_ms = 30'000;
  std::int64_t telemetry_ms = 0;  // 0: none is wanted
  RateLimits limits{};
  std::optional<RemoteSettings> settings{};
};
void members(auto& visit, Is<Welcome> auto& welcome) {
  visit.integer("protocol", welcome.protocol, limits::versions);
  visit.object("slave", welcome.slave);
  visit.text("session", welcome.session, limits::sessions, Written::unless_empty);
  visit.object("server", welcome.server);
  visit.texts("offers", welcome.offers, limits::max_offers, limits::offers);
  visit.integer("now_ms", welcome.now_ms, limits::unix_times_ms);
  visit.text("base_url", welcome.base_url, limits::urls, Written::unless_empty);
  visit.texts("file_origins", welcome.file_origins, limits::max_file_origins, limits::urls, Written::unless_empty);
  visit.integer("heartbeat_ms", welcome.heartbeat_ms, limits::heartbeats_ms);
  visit.integer("telemetry_ms", welcome.telemetry_ms, limits::telemetry_intervals_ms, Written::unless_empty);
  visit.object("limits", welcome.limits);
  visit.object("settings", welcome.settings);
}

}  // namespace distren::protocol
