#include "slave/trial.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "slave/gpu_access.h"
#include "slave/image_check.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::chrono::seconds probe_time{300};  // without a card, a slow machine compiles Eevee's shaders for minutes
constexpr std::uint64_t probe_bytes = 64U << 20;
constexpr std::size_t memory_bytes = 1U << 20;
constexpr std::size_t reason_bytes = 300;

// Size and time of change: what a program is, without reading a gigabyte.
std::string facts_of(fs::path const& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "absent";
  return fmt::format("{} {}.{}", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

Result<void> render_probe(Renderer& renderer, InstalledMethod const& installed, std::vector<Gpu> const& gpus,
                          Probe const& probe, ImageDecoder const& decoder) {
  std::string const format = probe.parameters.value("format", "");
  RenderTask task;
  task.method = &installed.method;
  task.program = installed.program;
  task.tree = installed.tree;
  task.job = probe.scene.parent_path();
  task.parameters = probe.parameters;
  task.name = output_name(installed.method, probe.parameters.value("frame", 1), format);
  task.deadline = probe_time;
  task.size_limit = probe_bytes;
  task.gpus = gpus;
  auto const rendered = renderer.render(task, nullptr);
  if (!rendered) return rendered.error();
  return check_output(decoder, rendered->path,
                      {.width = rendered->width, .height = rendered->height, .format = format});
}

json json_of(Trial const& trial) {
  json failures = json::array();
  for (auto const& each : trial.failures) failures.push_back({{"engine", each.engine}, {"reason", each.reason}});
  return {{"probes", trial.probes}, {"usable", trial.usable},   {"on_gpus", trial.on_gpus},
          {"again", trial.again},   {"engines", trial.engines}, {"failures", std::move(failures)}};
}

std::optional<Trial> trial_of(json const& kept) {
  try {
    Trial trial;
    trial.probes = kept.at("probes").get<std::size_t>();
    trial.usable = kept.at("usable").get<bool>();
    trial.on_gpus = kept.at("on_gpus").get<bool>();
    trial.again = kept.at("again").get<bool>();
    trial.engines = kept.at("engines").get<std::vector<std::string>>();
    for (auto const& each : kept.at("failures"))
      trial.failures.push_back({each.at("engine").get<std::string>(), each.at("reason").get<std::string>()});
    return trial;
  } catch (json::exception const&) {  // not of our making
    return std::nullopt;
  }
}

}  // namespace

bool is_complete(Trial const& trial, RenderMethod const& method) {
  return trial.probes >= method.probes.size();
}

Result<Trial> try_next_probe(Renderer& renderer, InstalledMethod const& installed, Trial trial,
                             ImageDecoder const& decoder) {
  auto const& probes = installed.method.probes;
  while (trial.probes < probes.size() && !probes[trial.probes].is_for(installed.version)) ++trial.probes;
  if (trial.probes < probes.size()) {
    Probe const& probe = probes[trial.probes];
    auto const started = std::chrono::steady_clock::now();
    bool const on_gpus = trial.on_gpus && !installed.gpus.empty();
    auto tried = render_probe(renderer, installed, on_gpus ? installed.gpus : std::vector<Gpu>{}, probe, decoder);
    if (!tried && tried.error().code != Errc::conflict && on_gpus) {
      std::string const reason = printable(tried.error().message, reason_bytes);
      if (auto const without = render_probe(renderer, installed, {}, probe, decoder); without) {
        trial.on_gpus = false;
        trial.failures.push_back({probe.engine, fmt::format("not on {}: {}", installed.gpus.front().name, reason)});
        tried = {};
      } else if (without.error().code == Errc::conflict) {
        tried = without.error();
      }
    }
    if (!tried) {
      Error const& error = tried.error();
      if (error.code == Errc::conflict || error.problem == "out_of_disk" || error.problem == "sandbox_failed")
        return error;
      std::string const advice = probe.advice.empty() ? "" : "; " + probe.advice;
      trial.failures.push_back({probe.engine, printable(error.message, reason_bytes) + advice});
      if (probe.engine.empty()) trial.usable = false;
      if (std::chrono::steady_clock::now() - started < probe_time / 2) trial.again = true;
    } else if (!probe.engine.empty()) {
      trial.engines.push_back(probe.engine);
    }
    ++trial.probes;
  }
  while (trial.probes < probes.size() && !probes[trial.probes].is_for(installed.version)) ++trial.probes;
  if (!is_complete(trial, installed.method)) return trial;
  close_image_program();
  bool const engines = std::ranges::any_of(
      probes, [&installed](Probe const& each) { return !each.engine.empty() && each.is_for(installed.version); });
  if (engines && trial.engines.empty()) trial.usable = false;
  return trial;
}

TrialMemory::TrialMemory(fs::path file, std::string facts) : file_(std::move(file)), facts_(std::move(facts)) {
  auto const text = read_file(file_, memory_bytes);
  if (!text) return;
  auto const kept = parse_shallow_json(*text);
  if (!kept.is_object()) return;
  for (auto const& [key, value] : kept.items())
    if (is_sha256_hex(key) && value.is_object() && kept_.size() < most_kept) kept_.emplace(key, value);
}

// Libraries that come and go change what works, and the linker's cache with them.
std::string TrialMemory::key_of(InstalledMethod const& installed) const {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n", facts_, installed.method.name, installed.version, installed.build,
                  installed.device(), installed.where().string(), facts_of(installed.where()));
  text += facts_of((installed.tree.empty() ? fs::path("/") : installed.tree) / "etc/ld.so.cache") + "\n";
  text += facts_of(installed.method.folder / "method.xml") + "\n" + gpu_driver_facts();
  for (auto const& probe : installed.method.probes) text += "\n" + facts_of(probe.scene);
  return to_hex(sha256(text));
}

std::optional<Trial> TrialMemory::find(InstalledMethod const& installed) const {
  auto const found = kept_.find(key_of(installed));
  auto trial = found == kept_.end() ? std::nullopt : trial_of(found->second);
  return trial && is_complete(*trial, installed.method) ? trial : std::nullopt;
}

void TrialMemory::keep(InstalledMethod const& installed, Trial const& trial) {
  if (kept_.size() >= most_kept) kept_.clear();  // programs of years; what is here is tried again
  kept_[key_of(installed)] = json_of(trial);
  if (auto const written = write_file_durably(file_, json(kept_).dump(1), 0600); !written)
    spdlog::warn("what was tried is not kept reason={}", quote(written.error().message));
}

}  // namespace distren
