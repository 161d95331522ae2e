// Capabilities and requests of a slave: the message `hello`. Values alone, see messages.h.
#pragma once

#include "common/protocol/messages.h"

namespace distren::protocol {

struct MethodVersion {
  std::string name{};
  std::string version{};  // with the devices behind a "+"
  bool operator==(MethodVersion const&) const = default;
};
void members(auto& visit, Is<MethodVersion> auto& method) {
  visit.text("name", method.name, limits::method_names);
  visit.text("version", method.version, limits::method_names);
}

struct HeldAttempt {
  std::int64_t attempt = 0;
  std::string lease{};
};
void members(auto& visit, Is<HeldAttempt> auto& held) {
  visit.integer("attempt", held.attempt, limits::ids);
  visit.text("lease", held.lease, limits::leases);
}

struct Blocks {
  std::vector<std::string> users{};  // by name
  std::vector<std::int64_t> projects{};
  std::vector<std::int64_t> jobs{};
  bool operator==(Blocks const&) const = default;
};
void members(auto& visit, Is<Blocks> auto& blocks) {
  visit.texts("users", blocks.users, limits::max_blocks, limits::user_names);
  visit.integers("projects", blocks.projects, limits::max_blocks, limits::ids);
  visit.integers("jobs", blocks.jobs, limits::max_blocks, limits::ids);
}

// What holds on a slave that lets its owner request settings.
struct EffectiveSettings {
  int threads = 0;
  int memory_mib = 0;
  int minutes_per_frame = 0;  // 0: any
  bool paused = false;
  std::optional<std::vector<std::string>> schedule{};  // as it was requested
  std::vector<std::string> problems{};                 // of what was requested
};
void members(auto& visit, Is<EffectiveSettings> auto& settings) {
  visit.integer("threads", settings.threads, limits::cores);
  visit.integer("memory", settings.memory_mib, limits::memory_mib);
  visit.integer("minutes_per_frame", settings.minutes_per_frame, limits::minutes_per_frame);
  visit.flag("paused", settings.paused);
  visit.lines("schedule", settings.schedule, limits::max_schedule_lines, limits::schedule_lines);
  visit.texts("problems", settings.problems, max_problems, limits::problems, Written::unless_empty);
}

struct Hello {
  static constexpr std::string_view type = "hello";
  std::optional<int> protocol{};  // over HTTPS, where there is no sign-on
  std::string os{};
  std::string cpu{};  // model
  int cores = 0;
  int memory_mib = 0;
  int slots = 0;       // frames rendered at once; 0: wants no work
  int max_orders = 0;  // that it likes to hold, those in its slots among them
  std::vector<std::string> gpus{};
  std::vector<MethodVersion> methods{};
  std::vector<HeldAttempt> attempts{};  // being rendered, or results that the server has not taken
  int minutes_per_frame = 0;            // 0: any
  Blocks blocks{};
  std::optional<EffectiveSettings> effective_settings{};
};
void members(auto& visit, Is<Hello> auto& hello) {
  visit.integer("protocol", hello.protocol, limits::versions);
  visit.text("os", hello.os, limits::names);
  visit.text("cpu", hello.cpu, limits::names);
  visit.integer("cores", hello.cores, limits::cores);
  visit.integer("memory", hello.memory_mib, limits::memory_mib);
  visit.integer("slots", hello.slots, limits::slots);
  visit.integer("orders", hello.max_orders, limits::slots, Written::unless_empty);
  visit.texts("gpus", hello.gpus, limits::max_gpus, limits::gpu_names);
  visit.objects("methods", hello.methods, limits::max_methods);
  visit.objects("holding", hello.attempts, limits::max_holding);
  visit.integer("minutes_per_frame", hello.minutes_per_frame, limits::minutes_per_frame, Written::unless_empty);
  visit.object("blocks", hello.blocks, Written::unless_empty);
  visit.object("settings", hello.effective_settings);
}

}  // namespace distren::protocol
