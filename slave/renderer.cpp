#include "slave/renderer.h"

#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "common/base/json_depth.h"
#include "common/base/text.h"
#include "common/process/sandbox.h"
#include "common/protocol/result.h"
#include "common/render/output_names.h"
#include "slave/disk_usage.h"
#include "slave/folder_cleanup.h"
#include "slave/gpu_access.h"
#include "slave/shader_caches.h"
#include "slave/traceback.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using Clock = Process::Clock;

constexpr int frames_of_one_program = 1000;  // bounds what a renderer leaks besides memory
constexpr int settling_frames = 3;           // caches fill; after them memory should not grow much
constexpr std::uint64_t growth_limit = 256U << 20;
constexpr std::size_t log_lines = 200;
constexpr std::size_t line_limit = 500;           // bytes
constexpr std::size_t longest_event = 64U << 10;  // bytes; the files of a frame are listed in one
constexpr std::size_t max_processes = 200;        // threads are not counted; a renderer has one or two
constexpr std::uint64_t disk_limit = 1ULL << 30;  // bytes of output and shader cache together
constexpr std::string_view line_mark = "DISTREN ";
constexpr std::string_view sandbox_mark = "bwrap: ";    // of its own messages, before the program starts
constexpr char const* job_inside = "/home/render/job";  // POV-Ray's own restrictions allow reading below the home

std::string shortened(std::string const& text, std::size_t limit) {
  return text.size() <= limit ? text : text.substr(0, limit) + "...";
}

Error of_code(Error const& error, std::string_view code) {
  return fail(error.code, error.message, code);
}

}  // namespace

struct Renderer::Frame {
  Clock::time_point started = Clock::now();
  milliseconds suspended{0};  // when it began
  bool done = false;
  std::string problem;  // reported by a session's program
  protocol::ResultCode problem_code{};
  bool ours = false;        // it lies with this machine and not with the frame
  std::string known_cause;  // of a pattern of the definition
  protocol::ResultCode known_code{};
  Traceback traceback;
  bool sandbox_failed = false;
  Rendered result;
};

Renderer::Renderer(RendererSettings settings) : settings_(std::move(settings)) {}

Renderer::~Renderer() {
  close();
}

Result<std::unique_ptr<Renderer>> Renderer::open(RendererSettings settings) {
  std::error_code error;
  fs::create_directories(settings.folder / "cache", error);
  if (error)
    return fail(Errc::unavailable,
                fmt::format("cannot make {}: {}", (settings.folder / "cache").string(), error.message()));
  remove_what_was_left(settings.folder);
  if (auto const renewed = renew_folder(settings.folder / "out"); !renewed) return renewed.error();
  return std::unique_ptr<Renderer>(new Renderer(std::move(settings)));
}

// What the program left under a name of its own gets the name that was asked for; two files are no answer.
void Renderer::take_only_file(std::string const& name) const {
  std::error_code error;
  std::vector<fs::path> left;
  for (auto const& item : fs::directory_iterator(settings_.folder / "out", error)) left.push_back(item.path());
  if (left.size() == 1 && fs::is_regular_file(fs::symlink_status(left.front(), error)))
    fs::rename(left.front(), settings_.folder / "out" / name, error);
}

void Renderer::cancel() {
  std::lock_guard const lock(process_mutex_);
  cancelled_ = true;
  if (process_) interrupt();
}

// Under process_mutex_. Lasting: a program whose frame was over by then is of no use for the next one.
void Renderer::interrupt() {
  process_->interrupt();
  interrupted_ = true;
}

void Renderer::suspend(bool stopped) {
  std::lock_guard const lock(process_mutex_);
  if (stopped == suspended_since_.has_value()) return;
  if (stopped) {
    suspended_since_ = Clock::now();
  } else {
    suspended_before_ += std::chrono::duration_cast<milliseconds>(Clock::now() - *suspended_since_);
    suspended_since_.reset();
  }
  if (process_) process_->suspend(stopped);
}

// Time that programs have stood still so far.
milliseconds Renderer::suspended() {
  std::lock_guard const lock(process_mutex_);
  auto total = suspended_before_;
  if (suspended_since_) total += std::chrono::duration_cast<milliseconds>(Clock::now() - *suspended_since_);
  return total;
}

void Renderer::allow() {
  cancelled_ = false;
}

void Renderer::close() {
  std::lock_guard const lock(process_mutex_);
  process_.reset();
  interrupted_ = false;
  key_.clear();
}

void Renderer::set_limits(int threads, int memory_mib) {
  std::lock_guard const lock(process_mutex_);
  next_limits_ = {threads, memory_mib};
}

void Renderer::take_lent() {
  {
    std::lock_guard const lock(process_mutex_);
    auto const limits = std::exchange(next_limits_, {});
    if (!limits || *limits == std::pair(settings_.threads, settings_.memory_mib)) return;
    std::tie(settings_.threads, settings_.memory_mib) = *limits;
    if (settings_.scope) std::tie(settings_.scope->threads, settings_.scope->memory_mib) = *limits;
  }
  close();
}

std::vector<protocol::RenderWarning> Renderer::warnings() const {
  return warnings_.list();
}

std::string Renderer::log() const {
  std::lock_guard const lock(log_mutex_);
  std::string text;
  for (auto const& line : log_) text += line + "\n";
  if (!last_progress_.empty()) text += last_progress_ + "\n";
  if (text.size() <= log_limit) return text;
  auto const line = text.find('\n', text.size() - log_limit);  // whole lines
  return text.substr(line + 1);
}

Result<void> Renderer::start(RenderTask const& task, std::string const& key) {
  RenderMethod const& method = *task.method;
  CommandContext places;
  places.threads = settings_.threads;
  places.job = settings_.sandboxed ? job_inside : fs::absolute(task.job).string();
  places.method = settings_.sandboxed ? "/method" : method.folder.string();
  places.output = (settings_.sandboxed ? fs::path("/out") : settings_.folder / "out") / task.name;

  ProcessOptions options;
  options.argv = command_arguments(method, task.parameters, places);
  options.argv.insert(options.argv.begin(), task.program.string());
  options.input = method.session;
  options.line_limit = longest_event;
  options.limits.memory = static_cast<std::uint64_t>(settings_.memory_mib) << 20;
  options.limits.file_size = std::max<std::uint64_t>(task.size_limit, 64U << 20);  // shader caches are files too
  options.limits.nice = settings_.nice;
  options.limits.processes = max_processes;
  auto const out = settings_.folder / "out";
  if (auto const renewed = renew_folder(out); !renewed) return of_code(renewed.error(), "out_of_disk");
  auto const cache = ShaderCaches(settings_.folder / "cache").folder_for(task.owner);
  if (!cache) return of_code(cache.error(), "out_of_disk");
  FolderLimits limits;
  limits.bytes = std::max<std::uint64_t>(4 * task.size_limit, disk_limit);
  limits.free_bytes = room_to_leave_in(out);
  options.watch = [folders = std::vector{out, *cache}, limits] { return overstepped(folders, limits); };
  options.limits.only_watched = !task.gpus.empty();
  if (settings_.sandboxed) {
    Sandbox sandbox;
    sandbox.tree = task.tree;
    if (!task.gpus.empty()) show_gpus(sandbox);
    // Shaders compiled for one scene spare seconds to the next of the same owner; nothing else in its home outlives a
    // program. Mesa looks for them in the home of /etc/passwd, which does not exist here, unless this variable names
    // another.
    sandbox.environment.emplace_back("XDG_CACHE_HOME=/home/render/.cache");
    sandbox.bindings = {{task.job, job_inside, false},
                        {method.folder, "/method", false},
                        {out, "/out", true},
                        {*cache, "/home/render/.cache", true}};
    sandbox.directory = "/out";
    if (auto const entered = enter_sandbox(options, sandbox); !entered)
      return of_code(entered.error(), "sandbox_failed");
  } else {
    char const* const path = std::getenv("PATH");
    options.environment = std::vector<std::string>{fmt::format("PATH={}", path != nullptr ? path : "/usr/bin:/bin"),
                                                   "HOME=" + settings_.folder.parent_path().string(), "LANG=C.UTF-8"};
    options.directory = out;
  }
  if (settings_.scope) enter_cgroup(options, *settings_.scope);
  auto started = Process::start(std::move(options));
  if (!started) return of_code(started.error(), "renderer_missing");
  spdlog::debug("started program={} job={}", task.program.string(), task.job.filename().string());
  std::lock_guard const lock(process_mutex_);
  process_ = std::move(*started);
  key_ = key;
  frames_ = 0;
  settled_ = 0;
  next_.reset();
  usage_ = {};
  warnings_ = {};
  {
    std::lock_guard const log_lock(log_mutex_);
    log_.clear();
    last_progress_.clear();
  }
  if (cancelled_) interrupt();
  if (suspended_since_) process_->suspend(true);
  return {};
}

namespace {

json without_frame(json parameters) {
  parameters.erase("frame");
  return parameters;
}

}  // namespace

bool Renderer::can_follow(RenderTask const& task) const {
  if (!next_) return true;
  auto const frame = task.parameters.value("frame", std::int64_t{0});
  return frame >= next_->first && frame <= next_->last && without_frame(task.parameters) == next_->parameters;
}

// Twice what it took after its first frames, and noticeably so; or near the limit by having grown.
bool Renderer::worn_out(std::uint64_t resident) {
  if (frames_ <= settling_frames) settled_ = std::max(settled_, resident);
  std::uint64_t const limit = static_cast<std::uint64_t>(settings_.memory_mib) << 20;
  if (resident > 2 * settled_ + growth_limit) return true;
  return limit > 0 && resident > limit / 10 * 9 && resident > settled_ + settled_ / 8;
}

void Renderer::take_done(RenderTask const& task, json const& event, Frame& frame) {
  auto const number = [&event](char const* name) {
    auto const value = event.value(name, json());
    return value.is_number_integer() && value >= 0 && value <= 1000000 ? value.get<int>() : 0;
  };
  frame.result.width = number("width");
  frame.result.height = number("height");
  if (auto const format = event.value("format", json()); format.is_string())
    frame.result.format = shortened(format.get<std::string>(), 64);
  take_outputs(task, event.value("outputs", json()), frame);
  if (!frame.problem.empty()) return;
  frame.done = true;
  next_.reset();
  auto const next = event.value("next", json());
  if (next.is_array() && next.size() == 2 && next[0].is_number_integer() && next[1].is_number_integer())
    next_ = Next{next[0].get<std::int64_t>(), next[1].get<std::int64_t>(), without_frame(task.parameters)};
}

// The files that the frame has: that of the task, and perhaps others, whose names only the render knows.
void Renderer::take_outputs(RenderTask const& task, json const& listed, Frame& frame) {
  if (!listed.is_array()) return;
  auto const refuse = [&frame](std::string problem) {
    frame.problem = std::move(problem);
    frame.problem_code = protocol::ResultCode::scene_error;
  };
  if (listed.size() > protocol::limits::max_outputs)
    return refuse(fmt::format("the scene writes {} files for a frame, more than {}", listed.size(),
                              protocol::limits::max_outputs));
  auto& names = frame.result.more_outputs;
  for (auto const& each : listed) {
    auto const name = each.is_object() ? each.value("name", json()) : json();
    if (!name.is_string()) continue;
    auto const& text = name.get_ref<std::string const&>();
    if (text == task.name || std::ranges::find(names, text) != names.end()) continue;
    if (auto const good = check_output_name(text); !good) return refuse(good.error().message);
    names.push_back(text);
  }
}

// One of the program's own lines about the frame. True: the frame is over.
bool Renderer::take_event(RenderTask const& task, std::string_view text, Frame& frame) {
  auto const event = parse_shallow_json(text);
  if (!event.is_object()) return false;
  auto const kind = event.value("event", json());
  auto const message = event.value("text", json());
  if (kind == "warning" && message.is_string()) {
    auto const code = event.value("code", json());
    warnings_.add(code.is_string() ? code.get<std::string>() : std::string(), message.get<std::string>());
  }
  if (kind == "problem") {
    frame.ours = event.value("machine", json()) == true;
    frame.problem = message.is_string() ? shortened(message.get<std::string>(), 2000) : "the program gives no reason";
    auto const code = event.value("code", json());
    if (code.is_string()) frame.problem_code = protocol::result_code_named(code.get_ref<std::string const&>());
    if (frame.problem_code == protocol::ResultCode::other)
      frame.problem_code = frame.ours ? protocol::ResultCode::renderer_crashed : protocol::ResultCode::scene_error;
    return true;
  }
  if (kind != "done") return false;
  take_done(task, event, frame);
  return true;
}

void Renderer::take_line(RenderTask const& task, std::string const& line, Frame& frame, OnProgress const& progress) {
  auto const now = read_progress(*task.method, line);
  bool const is_progress = now.fraction || now.remaining;
  {
    std::lock_guard const lock(log_mutex_);
    last_progress_ = is_progress ? printable(line, line_limit) : "";
    if (!is_progress) log_.push_back(printable(line, line_limit));
    if (log_.size() > log_lines) log_.pop_front();
  }
  if (is_progress) {  // thousands of these would push all else out of the log
    frame.traceback.clear();
    if (progress) progress(now);
    return;
  }
  if (line.starts_with(sandbox_mark) && settings_.sandboxed && log_.size() <= 1) frame.sandbox_failed = true;
  for (auto const& warning : task.method->warnings)
    if (warning.pattern.match(line)) warnings_.add(warning.code, warning.text);
  frame.traceback.take(line);
  if (!frame.known_cause.empty()) return;
  for (auto const& failure : task.method->failures)
    if (failure.pattern.match(line)) {
      frame.known_cause = failure.text;
      frame.known_code = protocol::result_code_named(failure.code);
      return;
    }
}

// Reads until the frame is over or the program is.
Result<void> Renderer::follow(RenderTask const& task, Frame& frame, OnProgress const& progress) {
  std::string line;
  while (true) {
    auto const until = frame.started + task.deadline + suspended() - frame.suspended;
    switch (process_->next_line(line, until)) {
      case ProcessEvent::line:
        if (task.method->session && line.starts_with(line_mark)) {
          frame.traceback.clear();
          if (take_event(task, std::string_view(line).substr(line_mark.size()), frame)) return {};
        } else {
          take_line(task, line, frame, progress);
        }
        break;
      case ProcessEvent::closed:
        return {};
      case ProcessEvent::interrupted:
        return fail(Errc::conflict, "cancelled");
      case ProcessEvent::timeout:
        if (Clock::now() < frame.started + task.deadline + suspended() - frame.suspended) break;
        return fail(Errc::invalid,
                    fmt::format("the frame took longer than the {} s that it may take", task.deadline.count() / 1000),
                    "timed_out");
    }
  }
}

Error Renderer::explain(RenderTask const& task, Frame const& frame, ProcessEnd const& end) {
  if (!end.overstepped.empty()) {
    bool const own_fault = end.overstepped != disk_is_full;
    return fail(own_fault ? Errc::invalid : Errc::unavailable, (own_fault ? "the scene " : "") + end.overstepped,
                own_fault ? "scene_error" : "out_of_disk");
  }
  if (end.over_memory)
    return fail(Errc::invalid,
                fmt::format("the scene needs more memory than the {} MiB that this slave lends", settings_.memory_mib),
                "out_of_memory");
  if (frame.sandbox_failed)
    return fail(Errc::unavailable, "the sandbox could not be set up; the log says why", "sandbox_failed");
  if (!frame.known_cause.empty())
    return fail(Errc::invalid, frame.known_cause, protocol::choice_name(protocol::result_codes, frame.known_code));
  // A crash inside the sandbox comes as the shell tells it: 128 and the signal.
  int const signal = end.signal != 0 ? end.signal : end.exit_code.value_or(0) > 128 ? *end.exit_code - 128 : 0;
  // No process in the sandbox can send it: the kernel did, out of memory, or a user of this machine. The same frame a
  // second time is more likely to be the reason itself.
  std::string const which = fmt::format("{}\n{}", task.job.string(), task.parameters.dump());
  if (signal == SIGKILL && std::exchange(killed_, which) != which)
    return fail(
        Errc::unavailable,
        fmt::format("{} was killed: this machine ran out of memory, or somebody here ended it", task.method->title),
        "out_of_memory");
  if (signal != 0)
    return fail(Errc::invalid, fmt::format("{} crashed (signal {})", task.method->title, signal), "renderer_crashed");
  bool const raised = end.exit_code.value_or(0) != 0 && !frame.traceback.reason().empty();
  return fail(Errc::invalid,
              fmt::format("{} ended without an image ({})", task.method->title,
                          raised ? printable(frame.traceback.reason(), line_limit) : end.text()),
              "output_missing");
}

Result<Rendered> Renderer::attempt(RenderTask const& task, OnProgress const& progress) {
  RenderMethod const& method = *task.method;
  auto const file = task.parameters.value("file", json());
  take_lent();
  std::string const key =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", method.name, task.program.string(), task.tree.string(),
                  gpu_tag(task.gpus), task.job.string(), file.dump(), task.parameters.contains("scripts"));
  if (!method.session || key != key_ || interrupted_ || frames_ >= frames_of_one_program || !can_follow(task)) close();
  if (cancelled_) return fail(Errc::conflict, "cancelled");
  Frame frame;
  frame.suspended = suspended();
  if (process_) warnings_.begin_frame();
  if (!process_)
    if (auto const started = start(task, key); !started)
      return fail(Errc::unavailable, started.error().message, started.error().problem);

  if (method.session) {
    json order = task.parameters;
    if (!task.gpus.empty()) order["devices"] = to_json(task.gpus);
    order["output"] = ((settings_.sandboxed ? fs::path("/out") : settings_.folder / "out") / task.name).string();
    // A program that has already ended gives the reason in its output, read below.
    static_cast<void>(process_->write(order.dump() + "\n", frame.started + task.deadline));
  }
  auto const followed = follow(task, frame, progress);
  frame.result.wall =
      std::chrono::duration_cast<milliseconds>(Clock::now() - frame.started) - (suspended() - frame.suspended);
  if (!followed) {
    close();
    return followed.error();
  }
  if (!frame.problem.empty()) {
    close();
    return fail(frame.ours ? Errc::unavailable : Errc::invalid, frame.problem,
                protocol::choice_name(protocol::result_codes, frame.problem_code));
  }
  ProcessUsage used;
  bool worn = false;
  if (frame.done) {
    auto const tree = usage_of_tree(process_->id());
    used = tree.usage;
    ++frames_;
    worn = worn_out(tree.resident);
  } else {
    auto const end = process_->wait(Clock::now() + std::chrono::seconds(10));
    used = end.usage;
    bool const good = !method.session && end.ok();
    if (good && method.only_file) take_only_file(task.name);
    if (!good) {
      close();
      return explain(task, frame, end);
    }
  }
  frame.result.cpu = std::max(used.cpu - usage_.cpu, std::chrono::microseconds(0));
  frame.result.memory_mib = static_cast<int>(used.peak_memory >> 20);
  // A graphics card's work counts in no process's time: the whole machine is charged for the duration of the frame.
  if (!task.gpus.empty())
    frame.result.cpu = std::max(frame.result.cpu, std::chrono::microseconds(frame.result.wall) * settings_.threads);
  usage_ = used;
  frame.result.path = settings_.folder / "out" / task.name;
  if (!method.session || worn) close();
  return frame.result;
}

Result<Rendered> Renderer::render(RenderTask const& task, OnProgress const& progress) {
  bool const fresh = !process_ || frames_ == 0;
  auto result = attempt(task, progress);
  // A program that has rendered before may have died of its age and not of this frame: once more with a new one.
  if (!result && result.error().code == Errc::invalid && !fresh && !cancelled_) return attempt(task, progress);
  return result;
}

}  // namespace distren
