#include "slave/renderer_stock.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "common/base/text.h"

namespace distren {

namespace {

// Of one that only failed on its graphics cards: the same on the processor.
RendererStock::Installed without_gpus(RendererStock::Installed const& installed) {
  auto plain = std::make_shared<InstalledMethod>(*installed);
  plain->gpus.clear();
  return plain;
}

}  // namespace

void RendererStock::add(InstalledMethod installed) {
  std::lock_guard const lock(mutex_);
  Entry entry;
  entry.trial = installed.method.probes.empty() ? std::optional(Trial{}) : memory_.find(installed);
  entry.due = !entry.trial || entry.trial->again;
  entry.installed = std::make_shared<InstalledMethod const>(std::move(installed));
  if (entry.trial && !entry.trial->on_gpus && !entry.due) entry.installed = without_gpus(entry.installed);
  entries_.push_back(std::move(entry));
}

void RendererStock::remove(std::string const& build) {
  std::lock_guard const lock(mutex_);
  std::erase_if(entries_, [&build](Entry const& each) { return each.installed->build == build; });
}

RendererStock::Installed RendererStock::untried(bool idle) const {
  std::lock_guard const lock(mutex_);
  for (auto const& each : entries_)
    if (each.due && (idle || !each.trial)) return each.installed;
  return nullptr;
}

void RendererStock::forget_failures() {
  std::lock_guard const lock(mutex_);
  for (auto& each : entries_)
    if (each.trial && !each.trial->failures.empty()) each.due = true;
}

Trial RendererStock::so_far(Installed const& which) const {
  std::lock_guard const lock(mutex_);
  auto const entry = std::ranges::find(entries_, which, &Entry::installed);
  return entry == entries_.end() ? Trial{} : entry->so_far.value_or(Trial{});
}

void RendererStock::tried(Installed const& which, Result<Trial> const& trial) {
  std::lock_guard const lock(mutex_);
  auto const entry = std::ranges::find(entries_, which, &Entry::installed);
  if (entry == entries_.end()) return;
  auto const name = fmt::format("{} {}", which->method.title, which->full_version());
  if (!trial && trial.error().code == Errc::conflict) return;  // it is tried when the slave works again
  if (!trial) {
    entry->due = false;
    entry->problem = trial.error().message;
    spdlog::error("renderer={} is not tried reason={}", quote(name), quote(entry->problem));
    return;
  }
  entry->problem.clear();
  entry->so_far = *trial;
  if (!is_complete(*trial, which->method)) return;
  entry->due = false;
  entry->so_far.reset();
  entry->trial = *trial;
  for (auto const& failure : trial->failures)
    spdlog::warn("renderer={} engine={} does not work here reason={}", quote(name),
                 failure.engine.empty() ? "all" : failure.engine, quote(failure.reason));
  spdlog::info("renderer={} tried engines={}", quote(name), fmt::join(trial->engines, ","));
  if (trial->on_gpus) memory_.keep(*which, *trial);  // a card may only have been busy: it is tried with the next start
  if (!trial->on_gpus) entry->installed = without_gpus(which);
}

Result<RendererStock::Installed> RendererStock::choose(protocol::FrameOrder const& order) const {
  std::lock_guard const lock(mutex_);
  std::vector<std::string> there;
  for (auto const& each : entries_) {
    if (each.installed->method.name != order.renderer.method) continue;
    bool const fits =
        (order.renderer.version.empty() || compare_versions(each.installed->version, order.renderer.version) == 0) &&
        (order.renderer.version.empty() || each.installed->build == order.renderer.build);
    if (fits && each.trial && !each.trial->usable)
      return fail(Errc::invalid,
                  fmt::format("{} {} does not render here: {}", each.installed->method.title, each.installed->version,
                              each.trial->failures.empty() ? "" : each.trial->failures.front().reason),
                  "renderer_missing");
    if (fits) return each.installed;
    there.push_back(each.installed->version);
  }
  if (there.empty())
    return fail(Errc::invalid, fmt::format("this slave has no render method {}", printable(order.renderer.method, 40)),
                "renderer_missing");
  return fail(Errc::invalid,
              fmt::format("the job is rendered by {} {}, and this slave has {}", printable(order.renderer.method, 40),
                          printable(order.renderer.version, 40), fmt::join(there, ", ")),
              "renderer_missing");
}

bool RendererStock::holds(std::string const& build) const {
  std::lock_guard const lock(mutex_);
  return std::ranges::any_of(entries_, [&build](Entry const& each) { return each.installed->build == build; });
}

std::vector<protocol::Renderer> RendererStock::offered() const {
  std::lock_guard const lock(mutex_);
  std::vector<protocol::Renderer> out;
  for (auto const& each : entries_) {
    // Of a trial under way, the engines that have rendered; on which device is known at its end.
    bool const begun =
        !each.trial && each.so_far && each.so_far->usable && each.so_far->on_gpus && !each.so_far->engines.empty();
    if (!begun && !(each.trial && each.trial->usable)) continue;
    out.push_back({.method = each.installed->method.name,
                   .version = each.installed->version,
                   .build = each.installed->build,
                   .device = each.installed->device(),
                   .engines = (begun ? each.so_far : each.trial)->engines});
  }
  return out;
}

std::vector<RendererStock::Row> RendererStock::rows() const {
  std::lock_guard const lock(mutex_);
  std::vector<Row> out;
  for (auto const& each : entries_)
    out.push_back({each.installed, each.trial ? each.trial : each.so_far, each.problem});
  return out;
}

nlohmann::json to_json(RendererStock::Row const& row) {
  InstalledMethod const& installed = *row.installed;
  nlohmann::json out{{"method", installed.method.name}, {"version", installed.version}};
  if (!installed.build.empty()) out["build"] = installed.build;
  if (!installed.gpus.empty()) out["device"] = installed.device();
  bool const complete = row.trial && is_complete(*row.trial, installed.method);
  out["state"] = !row.problem.empty() ? "not_tried" : !complete ? "untried" : row.trial->usable ? "usable" : "unusable";
  if (row.trial) out["engines"] = row.trial->engines;
  auto& failures = out["failures"] = nlohmann::json::array();
  if (!row.problem.empty()) failures.push_back({{"reason", row.problem}});
  if (row.trial)
    for (auto const& each : row.trial->failures) {
      failures.push_back({{"reason", each.reason}});
      if (!each.engine.empty()) failures.back()["engine"] = each.engine;
    }
  return out;
}

}  // namespace distren
