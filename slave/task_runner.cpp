#include "slave/task_runner.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/json_depth.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/http/http_error.h"
#include "common/process/sandbox.h"
#include "common/protocol/codec.h"
#include "common/render/output_names.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t min_room_bytes = 16U << 20;  // bytes; with less the image may not have fitted
constexpr std::size_t file_list_limit = 64U << 20;   // 100,000 files of some 500 bytes

Result<FileDescriptor> lock_state(fs::path const& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return fail(Errc::unavailable, fmt::format("cannot create the state folder {}: {}; set state = \"DIR\"",
                                               folder.string(), error.message()));
  fs::path const file = folder / "lock";
  FileDescriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail(Errc::unavailable, fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::conflict, fmt::format("another slave works in {}; stop it, or give this one a state of its own",
                                            folder.string()));
  return lock;
}

// An Error of rendering has the name of a result's code as its `problem`; this one is for those without.
Error with_code(Error const& error, std::string_view code) {
  bool const has_one = protocol::result_code_named(error.problem) != protocol::ResultCode::other;
  return has_one ? error : fail(error.code, error.message, code);
}

}  // namespace

Result<std::unique_ptr<TaskRunner>> TaskRunner::open(SlaveConfig const& config) {
  if (config.sandboxed()) {
    auto const available = sandbox_available();
    if (!available)
      return fail(Errc::unavailable,
                  fmt::format("{}. Without a sandbox nothing is rendered, unless you set sandbox = \"off\", and then "
                              "untrusted files run with all your rights",
                              available.error().message));
  }
  if (config.image_program.empty() || !find_program(config.image_program.string()))
    return fail(Errc::unavailable,
                fmt::format("distren-image, which checks every image, was not found{}; set "
                            "image_program = \"FILE\"",
                            config.image_program.empty() ? "" : " at " + config.image_program.string()));
  auto lock = lock_state(config.state);
  if (!lock) return lock.error();
  Cache::Options cache_options{.limit = static_cast<std::uint64_t>(config.cache_mib) << 20};
  std::optional<RendererStore> store;
  if (config.takes_delivered()) {
    // Within the cache, which is nobody else's.
    std::error_code error;
    std::filesystem::create_directories(config.cache_folder().parent_path(), error);
    ::mkdir(config.cache_folder().c_str(), 0700);
    auto opened = RendererStore::open(config.cache_folder() / "renderers");
    if (!opened) return opened.error();
    store = std::move(*opened);
    cache_options.neighbours = [store] { return store->neighbours(); };
  }
  auto cache = Cache::open(config.cache_folder(), std::move(cache_options));
  if (!cache) return cache.error();
  auto workspace = Workspace::open(config.state / "jobs", config.sandboxed());
  if (!workspace) return workspace.error();

  std::unique_ptr<TaskRunner> shop(new TaskRunner(std::move(*cache), std::move(*workspace)));
  shop->lock_ = std::move(*lock);
  shop->state_ = config.state;
  shop->may_run_scripts_ = [config](std::int64_t owner, std::string const& name) {
    return config.may_run_scripts(owner, name);
  };
  std::map<std::string, std::vector<std::string>> programs{{"stitch", {config.image_program.string()}}};  // not in PATH
  for (auto const& [name, places] : config.programs) programs[name] = places;
  auto methods = load_render_methods(config.methods);
  if (!methods) return methods.error();
  shop->methods_ = std::move(*methods);
  auto installed = find_installed_methods(shop->methods_, programs, config.sandboxed(), shop->remarks_);
  bool const renders = std::ranges::any_of(installed, [](auto const& each) { return each.method.name != "stitch"; });
  if (!renders && !config.takes_delivered())
    return fail(Errc::unavailable, fmt::format("no render program was found: {}", fmt::join(shop->remarks_, "; ")));

  shop->renderers_ = std::make_unique<RendererStock>(
      TrialMemory(config.state / "trials.json", fmt::format("{} {}", DISTREN_VERSION, config.sandbox)));
  shop->sandboxed_ = config.sandboxed();
  shop->gpu_devices_ = config.gpu_devices;
  for (auto& each : installed) shop->add_renderer(std::move(each));
  if (store) {
    auto delivered = DeliveredRenderers::open({.key_file = config.state / "renderer_key",
                                               .key = config.renderer_key,
                                               .accepted = config.delivered,
                                               .limit = static_cast<std::uint64_t>(config.cache_mib) << 20},
                                              *store);
    if (!delivered) return delivered.error();
    shop->delivered_ = std::move(*delivered);
    shop->add_stored_renderers();
  }

  shop->machine_ = this_machine();
  shop->memory_mib_ = config.memory_mib > 0 ? config.memory_mib : std::max(512, shop->machine_.memory_mib - 512);
  RendererSettings settings;
  settings.folder = fs::absolute(config.state) / "render";
  settings.sandboxed = config.sandboxed();
  shop->threads_ = config.threads > 0 ? config.threads : shop->machine_.cores;
  settings.threads = shop->threads_;
  settings.memory_mib = shop->memory_mib_;
  settings.nice = config.nice;
  if (config.cgroup != "off") {
    auto const scopes = cgroups_available();
    if (!scopes && config.cgroup == "on")
      return fail(Errc::unavailable,
                  fmt::format("cgroup = \"on\", and there are no control groups: {}", scopes.error().message));
    if (scopes)
      settings.scope = CgroupLimits{settings.memory_mib, config.max_processes, settings.threads};
    else
      shop->remarks_.push_back(
          fmt::format("a renderer's memory is limited by process and watched as a whole; there are "
                      "no control groups: {}",
                      scopes.error().message));
  }
  auto renderer = Renderer::open(settings);
  if (!renderer) return renderer.error();
  shop->renderer_ = std::move(*renderer);

  std::vector<std::string> dropped;
  auto outbox = Outbox::open(config.state / "outbox", config.server + " " + config.slavekey, dropped);
  if (!outbox) return outbox.error();
  shop->outbox_ = std::move(*outbox);
  for (auto const& path : dropped) shop->remarks_.push_back(fmt::format("{} was damaged and is deleted", path));

  shop->checker_ = {.program = fs::absolute(config.image_program), .sandboxed = config.sandboxed(), .seconds = 120};
  shop->http_.ca_file = config.ca_file.string();
  shop->http_.user_agent = "distren-slave";
  shop->http_.download_limit = std::int64_t{1024} * config.download_kib_per_second;
  shop->http_.upload_limit = std::int64_t{1024} * config.upload_kib_per_second;
  shop->http_.cancelled = &shop->cancelled_;
  shop->client_ = std::make_unique<HttpClient>(shop->http_);
  auto beside = shop->http_;
  beside.cancelled = &shop->prefetch_cancelled_;
  shop->prefetch_client_ = std::make_unique<HttpClient>(beside);
  return shop;
}

protocol::Announce TaskRunner::announcement(int slots) const {
  protocol::Announce announce;
  announce.os = machine_.os;
  announce.cpu = machine_.cpu;
  announce.cores = threads_;
  announce.memory_mib = memory_mib_;
  std::error_code unknown;
  if (auto const space = fs::space(state_, unknown); !unknown)
    announce.disk_free_mib = static_cast<std::int64_t>(space.available >> 20);
  announce.slots = slots;
  announce.renderers = offered_renderers();
  auto const add = [&announce](std::string const& name) {
    if (std::ranges::find(announce.devices, name, &protocol::Device::name) == announce.devices.end())
      announce.devices.push_back({name});
  };
  for (auto const& each : renderers_->rows())
    for (auto const& gpu : each.installed->gpus) add(gpu.name);
  if (announce.devices.empty())
    for (auto const& gpu : machine_.gpus) add(gpu);  // none is configured: those of the machine
  return announce;
}

void TaskRunner::prefetch(protocol::FrameOrder const& ordered, FileOrigins const& from) {
  if (!renderers_->choose(ordered)) return;
  auto order = ordered;
  if (auto const laid_out = stage(order, from, *prefetch_client_); !laid_out)
    spdlog::debug("prefetch attempt={} reason={}", order.attempt, quote(laid_out.error().message));
}

void TaskRunner::set_limits(int threads, int memory_mib) {
  threads_ = threads;
  memory_mib_ = memory_mib;
  renderer_->set_limits(threads, memory_mib);
}

void TaskRunner::cancel() {
  cancelled_ = true;
  renderer_->cancel();
}

void TaskRunner::allow() {
  cancelled_ = false;
  renderer_->allow();
}

Result<void> TaskRunner::list_inputs(protocol::FrameOrder& order, FileOrigins const& from, HttpClient& client) {
  if (listed_job_ == order.job) {
    order.inputs = listed_inputs_;
    if (workspace_.holds(order)) return {};
  }
  auto const url = resolve(from, order.inputs_url);
  if (!url) return url.error();
  auto const answer =
      client.send({.url = *url, .headers = {}, .body = {}, .bearer = {}, .answer_limit = file_list_limit});
  if (!answer) return answer.error();
  if (!answer->ok()) {
    auto const refused = refusal(*answer, "the list of the job's files");
    return fail(Errc::unavailable, refused.message, refused.problem == link_expired ? link_expired : "download_failed");
  }
  auto const listed = parse_shallow_json(answer->body);
  if (!listed.is_object()) return fail(Errc::unavailable, "the list of the job's files is none", "download_failed");
  auto list = protocol::parse<protocol::InputList>(listed);
  if (!list) return list.error();
  listed_job_ = order.job;
  order.inputs = listed_inputs_ = std::move(list->inputs);
  return {};
}

// With addresses that have not expired: asks for new ones before, or when it is told so.
Result<fs::path> TaskRunner::stage(protocol::FrameOrder& order, FileOrigins const& from, HttpClient& client) {
  std::lock_guard const lock(files_mutex_);
  bool const here = order.inputs_url.empty() && workspace_.holds(order);
  if (!here && refresher_ != nullptr && refresher_->expired(order)) {
    if (auto const renewed = refresher_->refresh(order, client); !renewed)
      spdlog::warn("no new addresses attempt={} reason={}", order.attempt, quote(renewed.error().message));
  }
  auto staged = fetch(order, from, client);
  if (!staged && staged.error().problem == link_expired && refresher_ != nullptr) {
    auto const renewed = refresher_->refresh(order, client);
    staged = renewed ? fetch(order, from, client) : Result<fs::path>(renewed.error());
  }
  if (!staged && staged.error().problem == link_expired)
    return fail(Errc::unavailable, staged.error().message, "download_failed");
  return staged;
}

// With files_mutex_ held.
Result<fs::path> TaskRunner::fetch(protocol::FrameOrder order, FileOrigins const& from, HttpClient& client) {
  if (!order.inputs_url.empty()) {
    if (auto const listed = list_inputs(order, from, client); !listed) return listed.error();
  }
  bool const laid_out = workspace_.holds(order);
  std::uint64_t coming = 0;
  std::set<std::string> needed;
  for (auto const& file : order.inputs) {
    if (needed.insert(file.sha256).second && !laid_out && !cache_.holds(file))
      coming += static_cast<std::uint64_t>(file.size_bytes);
  }
  if (auto const room = cache_.make_room(coming, needed); !room)
    return fail(room.error().code, room.error().message, "out_of_disk");
  Cache::Pinned pinned;  // until it is linked or copied
  return workspace_.prepare(order, [&](protocol::Input const& file) -> Result<fs::path> {
    protocol::Input wanted = file;
    auto url = resolve(from, file.url);
    if (!url) return url.error();
    wanted.url = std::move(*url);
    auto found = cache_.fetch(client, wanted, nullptr);
    if (!found && found.error().problem == link_expired) return found.error();
    if (!found && found.error().code == Errc::not_found)
      return fail(Errc::invalid, found.error().message, "input_missing");
    if (!found) return fail(found.error().code, found.error().message, "download_failed");
    pinned = std::move(*found);
    return pinned.path;
  });
}

// The image is moved out of the renderer's reach before it is opened.
Result<void> TaskRunner::collect(protocol::FrameOrder const& order, Rendered const& rendered,
                                 RenderedFrame& rendered_frame) {
  OutboxEntry entry;
  entry.attempt = order.attempt;
  entry.lease = order.lease;
  entry.result = {.attempt = order.attempt,
                  .lease = order.lease,
                  .outcome = protocol::Outcome::done,
                  .cpu_ms = std::chrono::duration_cast<std::chrono::milliseconds>(rendered.cpu).count(),
                  .wall_ms = rendered.wall.count(),
                  .peak_memory_mib = static_cast<int>(rendered.memory_mib),
                  .warnings = rendered_frame.warnings};
  if (order.output) {
    entry.name = order.output->name;
    entry.upload = order.upload_url;
    if (auto const taken = outbox_->add(entry, rendered.path, order.output->max_bytes); !taken) return taken;
    bool const known = order.output->width > 0 && order.output->height > 0;
    rendered_frame.expected = {known ? order.output->width : rendered.width,
                               known ? order.output->height : rendered.height,
                               order.output->format.empty() ? rendered.format : order.output->format};
    rendered_frame.expected.source = fmt::format("job {}", order.job);
    auto left = (outputs_size_factor - 1) * order.output->max_bytes;  // the image may have its own
    for (auto const& name : rendered.more_outputs) {
      auto const size =
          outbox_->add_further(entry, rendered.path.parent_path(), name, std::min(left, order.output->max_bytes));
      if (!size) return size.error();
      left -= *size;
    }
  }
  rendered_frame.entry = std::move(entry);
  return {};
}

// Of the files besides the image nobody knows size and format before.
Result<void> TaskRunner::check_further(OutboxEntry& entry, std::string const& source) {
  for (std::size_t i = 0; i < entry.more.size(); ++i) {
    auto const file = outbox_->hash(entry, i);
    if (!file) return file.error();
    auto const good = check_output(checker_, *file, {.source = source});
    if (!good) return fail(good.error().code, fmt::format("'{}': {}", entry.more[i].name, good.error().message));
  }
  return {};
}

TaskRunner::TaskResult TaskRunner::complete(protocol::FrameOrder const& order, RenderedFrame rendered_frame) {
  if (!rendered_frame.entry) return std::move(rendered_frame.outcome);
  if (!rendered_frame.entry->name.empty()) {
    auto const image = outbox_->hash(*rendered_frame.entry);
    auto const good = image ? check_output(checker_, *image, rendered_frame.expected) : image.error();
    if (!good) {
      outbox_->discard(order.attempt);
      return give_up(order, classify(with_code(good.error(), "output_missing")), rendered_frame);
    }
    if (auto const more = check_further(*rendered_frame.entry, rendered_frame.expected.source); !more) {
      outbox_->discard(order.attempt);
      return give_up(order, classify(with_code(more.error(), "output_missing")), rendered_frame);
    }
  }
  if (auto const kept = outbox_->commit(*rendered_frame.entry); !kept)
    return give_up(order, fail(Errc::unavailable, kept.error().message, "out_of_disk"));
  rendered_frame.outcome.entry = std::move(rendered_frame.entry);
  return std::move(rendered_frame.outcome);
}

// A disk that is full breaks renders in ways that look like the scene's fault.
Error TaskRunner::classify(Error error) const {
  std::error_code unknown;
  auto const space = fs::space(state_, unknown);
  if (unknown || error.code != Errc::invalid || space.available >= min_room_bytes) return error;
  return fail(Errc::unavailable, fmt::format("the disk under {} is full: {}", state_.string(), error.message),
              "out_of_disk");
}

TaskRunner::TaskResult TaskRunner::give_up(protocol::FrameOrder const& order, Error const& error) {
  return give_up(order, error, {});
}

TaskRunner::TaskResult TaskRunner::give_up(protocol::FrameOrder const& order, Error const& error,
                                           RenderedFrame const& said) {
  TaskResult outcome;
  bool const ours = error.code != Errc::invalid;
  auto const code = protocol::result_code_named(error.problem);
  outcome.local_error = ours && error.code != Errc::conflict;
  outcome.text = error.message;
  if (error.code == Errc::conflict) return outcome;
  auto entry =
      entry_without_image(order.attempt, order.lease, ours ? protocol::Outcome::returned : protocol::Outcome::failed,
                          code, error.message, said.log);
  entry.result.warnings = said.warnings;
  if (auto const kept = outbox_->commit(entry); !kept) {
    // Nothing is held then: the next announce tells the server, which gives the frame to another.
    outbox_->discard(order.attempt);
    outcome.text += "; and it cannot be kept: " + kept.error().message;
    outcome.local_error = true;
    return outcome;
  }
  outcome.entry = std::move(entry);
  return outcome;
}

TaskRunner::RenderedFrame TaskRunner::render(protocol::FrameOrder const& ordered, FileOrigins const& from,
                                             OnProgress const& progress) {
  auto order = ordered;  // its addresses may be renewed
  RenderedFrame rendered_frame;
  auto const chosen = choose_renderer(order, from, progress);
  if (!chosen) return {.outcome = give_up(order, cancelled_ ? fail(Errc::conflict, "cancelled") : chosen.error())};
  InstalledMethod const& installed = **chosen;
  RenderMethod const& method = installed.method;
  auto parameters = check_parameters(method, order.parameters, ParameterScope::order);
  // The server checked them by its own definition: this slave's is of another version.
  if (!parameters) return {.outcome = give_up(order, with_code(parameters.error(), "renderer_missing"))};
  // Whatever the job requests: only this machine allows scripts.
  parameters->erase("scripts");
  bool const known = std::ranges::find(method.parameters, "scripts", &MethodParameter::name) != method.parameters.end();
  if (known && may_run_scripts_(order.owner.id, order.owner.name)) (*parameters)["scripts"] = "allowed";
  if (order.output && !order.output->format.empty() && !parameters->contains("format"))
    (*parameters)["format"] = order.output->format;

  // Before the work, not after it.
  if (order.output)
    if (auto const upload = resolve(from, order.upload_url); !upload)
      return {.outcome = give_up(order, upload.error())};

  auto const folder = stage(order, from, *client_);
  if (cancelled_) return {.outcome = give_up(order, fail(Errc::conflict, "cancelled"))};
  if (!folder) return {.outcome = give_up(order, folder.error())};

  RenderTask task;
  task.method = &method;
  task.program = installed.program;
  task.tree = installed.tree;
  task.job = *folder;
  task.owner = order.owner.id;
  task.parameters = std::move(*parameters);
  std::string const extension = order.output ? fs::path(order.output->name).extension().string() : "";
  task.name = fmt::format("{}{}", order.attempt, extension);
  task.deadline = std::chrono::milliseconds(order.deadline_ms);
  task.gpus = installed.gpus;
  task.size_limit = order.output ? static_cast<std::uint64_t>(order.output->max_bytes) : 0;
  rendering_ = true;
  auto const rendered = renderer_->render(task, progress);
  rendering_ = false;
  rendered_frame.log = log();
  rendered_frame.warnings = renderer_->warnings();
  if (!rendered) return {.outcome = give_up(order, classify(rendered.error()), rendered_frame)};

  if (auto const taken = collect(order, *rendered, rendered_frame); !taken)
    return {.outcome = give_up(order, classify(taken.error()), rendered_frame)};
  rendered_frame.outcome.text = fmt::format("rendered in {} ms", rendered->wall.count());
  return rendered_frame;
}

std::string TaskRunner::log() const {
  std::string text = renderer_->log();
  char const* const home = std::getenv("HOME");
  for (std::string const& path : {state_.string(), std::string(home != nullptr ? home : "")}) {
    if (path.size() < 2) continue;
    for (auto at = text.find(path); at != std::string::npos; at = text.find(path, at + 1))
      text.replace(at, path.size(), "~");
  }
  return text;
}

}  // namespace distren
