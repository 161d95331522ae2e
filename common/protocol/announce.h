// Capabilities and requests of a slave: the message `announce`. It is the whole state each time. Values alone, see
// messages.h.
#pragma once

#include "common/protocol/messages.h"

namespace distren::protocol {

// A render program, and what it renders on: a slave has one for each device of its own speed.
struct Renderer {
  std::string method{};
  std::string version{};
  std::string
      build{};  // SHA-256 of the archive, of renderers that the grid delivers; empty: installed by the volunteer
  std::string device{};                // "optix-1a2b3c4d"; empty: the processor
  std::vector<std::string> engines{};  // those that rendered a frame here; empty: not known
  bool missing = false;                // not here yet: it is fetched with the first order that needs it
  bool operator==(Renderer const&) const = default;
};
void members(auto& visit, Is<Renderer> auto& renderer) {
  visit.text("method", renderer.method, limits::method_names);
  visit.text("version", renderer.version, limits::method_names);
  visit.text("build", renderer.build, limits::builds, Written::unless_empty);
  visit.text("device", renderer.device, limits::device_tags, Written::unless_empty);
  visit.texts("engines", renderer.engines, limits::max_engines, limits::method_names);
  visit.mark("missing", renderer.missing);
}

struct Device {
  std::string name{};
  bool operator==(Device const&) const = default;
};
void members(auto& visit, Is<Device> auto& device) {
  visit.text("name", device.name, limits::device_names);
}

struct HeldAttempt {
  std::int64_t attempt = 0;
  std::string lease{};
};
void members(auto& visit, Is<HeldAttempt> auto& held) {
  visit.integer("attempt", held.attempt, limits::ids);
  visit.text("lease", held.lease, limits::leases);
}

// Users by name: a volunteer knows no numbers of people whose work never came.
struct Blocks {
  std::vector<std::string> user_names{};
  std::vector<std::int64_t> project_ids{};
  std::vector<std::int64_t> job_ids{};
  bool operator==(Blocks const&) const = default;
};
void members(auto& visit, Is<Blocks> auto& blocks) {
  visit.texts("user_names", blocks.user_names, limits::max_blocks, limits::user_names);
  visit.integers("project_ids", blocks.project_ids, limits::max_blocks, limits::ids);
  visit.integers("job_ids", blocks.job_ids, limits::max_blocks, limits::ids);
}

// What holds on a slave that lets its owner request settings.
struct EffectiveSettings {
  int threads = 0;
  int memory_mib = 0;
  std::optional<std::int64_t> max_frame_ms{};  // nothing: any
  bool paused = false;
  std::optional<std::vector<std::string>> schedule{};  // as it was requested
  std::vector<std::string> problems{};                 // of what was requested
};
void members(auto& visit, Is<EffectiveSettings> auto& settings) {
  visit.integer("threads", settings.threads, limits::cores);
  visit.integer("memory_mib", settings.memory_mib, limits::memory_mib);
  visit.integer("max_frame_ms", settings.max_frame_ms, limits::frame_times_ms);
  visit.flag("paused", settings.paused);
  visit.lines("schedule", settings.schedule, limits::max_schedule_lines, limits::schedule_lines);
  visit.texts("problems", settings.problems, max_problems, limits::problems, Written::unless_empty);
}

struct Announce {
  static constexpr std::string_view type = "announce";
  std::string os{};
  std::string cpu{};  // model
  int cores = 0;
  int memory_mib = 0;
  std::optional<std::int64_t> disk_free_mib{};
  std::vector<Device> devices{};
  std::vector<Renderer> renderers{};
  int slots = 0;                               // frames rendered at once; 0: wants no work
  int max_orders = 0;                          // that it likes to hold, those in its slots among them
  std::optional<std::int64_t> max_frame_ms{};  // nothing: any
  Blocks blocks{};
  std::optional<EffectiveSettings> effective_settings{};
  std::vector<HeldAttempt> holding{};  // being rendered, or results that the server has not taken
};
void members(auto& visit, Is<Announce> auto& announce) {
  visit.text("os", announce.os, limits::names);
  visit.text("cpu", announce.cpu, limits::names);
  visit.integer("cores", announce.cores, limits::cores);
  visit.integer("memory_mib", announce.memory_mib, limits::memory_mib);
  visit.integer("disk_free_mib", announce.disk_free_mib, limits::disk_mib);
  visit.objects("devices", announce.devices, limits::max_devices);
  visit.objects("renderers", announce.renderers, limits::max_renderers);
  visit.integer("slots", announce.slots, limits::slots);
  visit.integer("max_orders", announce.max_orders, limits::slots, Written::unless_empty);
  visit.integer("max_frame_ms", announce.max_frame_ms, limits::frame_times_ms);
  visit.object("blocks", announce.blocks, Written::unless_empty);
  visit.object("effective_settings", announce.effective_settings);
  visit.objects("holding", announce.holding, limits::max_holding);
}

// At most max_line_bytes long: the last of what it holds, which belongs to results and not to frames in hand, is left
// out where it would be longer.
std::string write_line(Announce announce);

}  // namespace distren::protocol
