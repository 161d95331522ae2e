// How a TaskRunner comes to the renderer of an order: what is installed, tried, and delivered by the grid.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/http/http_error.h"
#include "slave/task_runner.h"

namespace distren {

namespace {

protocol::RendererBuild build_of(protocol::OrderRenderer const& renderer) {
  return {.method = renderer.method,
          .version = renderer.version,
          .build = renderer.build,
          .size_bytes = renderer.archive->size_bytes,
          .unpacked_bytes = renderer.archive->unpacked_bytes,
          .platform = renderer.archive->platform,
          .signature = renderer.archive->signature};
}

InstalledMethod installed_of(RenderMethod const& method, StoredRenderer const& stored) {
  InstalledMethod out{.method = method, .program = {}, .version = stored.version, .build = stored.build};
  if (stored.own_root) out.tree = stored.root;
  out.program = (stored.own_root ? std::filesystem::path("/") : stored.root) / stored.program;
  return out;
}

}  // namespace

void TaskRunner::add_stored_renderers() {
  for (auto const& stored : delivered_->store().all()) {
    auto const method = methods_.find(stored.method);
    if (method != methods_.end() && delivered_->accepts(stored.build) && !renderers_->holds(stored.build))
      add_renderer(installed_of(method->second, stored));
  }
}

void TaskRunner::add_renderer(InstalledMethod installed) {
  if (!gpu_devices_.empty() && !installed.method.device_arguments.empty()) {
    if (auto const found = find_gpus(installed, sandboxed_); found)
      installed.gpus = choose_gpus(gpu_devices_, *found, remarks_);
    else
      remarks_.push_back("gpu: " + found.error().message);
  }
  renderers_->add(std::move(installed));
}

bool TaskRunner::try_next_renderer(bool idle) {
  auto const next = renderers_->untried(idle);
  if (!next) return false;
  std::optional<FileDescriptor> hold;
  if (!next->build.empty() && !(hold = delivered_->store().hold(next->build))) {
    renderers_->remove(next->build);
    return true;
  }
  renderers_->tried(next, try_next_probe(*renderer_, *next, renderers_->so_far(next), checker_));
  return true;
}

void TaskRunner::renderers_offered(protocol::RendererList const& list) {
  if (delivered_) delivered_->offered(list);
}

std::vector<protocol::Renderer> TaskRunner::offered_renderers() const {
  auto out = renderers_->offered();
  if (!delivered_) return out;
  std::erase_if(out, [this](protocol::Renderer const& each) {  // another slave of this host made room
    return !each.build.empty() && !delivered_->store().find(each.build);
  });
  for (auto const& each : delivered_->fetchable()) {
    bool const here = renderers_->holds(each.build) && delivered_->store().find(each.build);  // tried, or to be tried
    if (!here && methods_.contains(each.method) && out.size() < protocol::limits::max_renderers)
      out.push_back({.method = each.method, .version = each.version, .build = each.build, .missing = true});
  }
  return out;
}

// The archive into the cache like any blob, verified before anything of it is unpacked; it goes when it is.
Result<void> TaskRunner::fetch_renderer(protocol::FrameOrder& order, FileOrigins const& from,
                                        OnProgress const& progress) {
  RenderMethod const& method = methods_.at(order.renderer.method);
  auto const build = build_of(order.renderer);
  if (auto const taken = delivered_->check(build); !taken)
    return fail(Errc::unavailable, taken.error().message, taken.error().problem);
  auto const go_on = [this] { return !cancelled_; };
  auto const turn = delivered_->store().take_turn(build.build, go_on);
  if (!turn) return turn.error();
  renderers_->remove(build.build);
  if (auto const stored = delivered_->store().find(build.build)) {  // another slave of this host has fetched it
    add_renderer(installed_of(method, *stored));
    return {};
  }
  std::lock_guard const lock(files_mutex_);
  spdlog::info("fetching a renderer method={} version={} build={} mib={}", printable(build.method, 40),
               printable(build.version, 40), build.build, build.size_bytes >> 20);
  protocol::Input file{"the renderer", build.build, build.size_bytes, ""};
  auto coming = static_cast<std::uint64_t>(build.unpacked_bytes);
  if (!cache_.holds(file)) coming += static_cast<std::uint64_t>(build.size_bytes);
  if (auto const room = cache_.make_room(coming, {build.build}); !room)
    return fail(room.error().code, room.error().message, "out_of_disk");
  auto const fetch = [&]() -> Result<Cache::Pinned> {
    auto url = resolve(from, order.renderer.archive->url);
    if (!url) return url.error();
    file.url = std::move(*url);
    return cache_.fetch(*client_, file, [&progress](std::int64_t) {
      if (progress) progress({});  // that it is being fetched
    });
  };
  auto archive = fetch();
  if (!archive && archive.error().problem == link_expired && refresher_ != nullptr) {
    auto const renewed = refresher_->refresh(order, *client_);
    archive = renewed ? fetch() : Result<Cache::Pinned>(renewed.error());
  }
  if (!archive)  // whatever it is, it is not the job's fault
    return fail(Errc::unavailable, archive.error().message, "download_failed");
  auto const stored = delivered_->store().unpack(build, archive->path, method.program, go_on);
  if (stored || stored.error().code == Errc::invalid) cache_.remove(std::move(*archive));
  if (!stored && stored.error().code == Errc::invalid) {
    delivered_->reject(build.build);
    return fail(
        Errc::unavailable,
        fmt::format("the archive of {} {} cannot be used: {}", build.method, build.version, stored.error().message),
        "renderer_missing");
  }
  if (!stored) return fail(Errc::unavailable, stored.error().message, "out_of_disk");
  add_renderer(installed_of(method, *stored));
  return {};
}

// With the renderer held, so that no slave of this host removes it while its frames are rendered.
Result<RendererStock::Installed> TaskRunner::choose_renderer(protocol::FrameOrder& order, FileOrigins const& from,
                                                             OnProgress const& progress) {
  std::string const& build = order.renderer.build;
  if (held_build_ != build && !held_build_.empty()) {
    renderer_->close();  // of the one that may go now
    held_build_.clear();
    held_ = {};
  }
  if (build.empty() || !delivered_ || !methods_.contains(order.renderer.method)) return renderers_->choose(order);
  for (int tries = 0; held_build_ != build; ++tries) {
    if (renderers_->holds(build))
      if (auto hold = delivered_->store().hold(build)) {
        held_ = std::move(*hold);
        held_build_ = build;
        break;
      }
    if (tries == 2) return fail(Errc::unavailable, "a renderer was removed as soon as it was here", "out_of_disk");
    renderers_->remove(build);
    if (!order.renderer.archive) return renderers_->choose(order);
    if (auto const fetched = fetch_renderer(order, from, progress); !fetched) return fetched.error();
  }
  return renderers_->choose(order);  // tried after this frame: an artist waits for it
}

}  // namespace distren
