// Renders frames by a render method's program, in a sandbox unless configured otherwise. A program that takes
// frames one after the other (a session) stays open for the next frame of the same job (persistent renderer); another
// job, a failure, a hundred frames or grown memory end it. One thread, which must last as long as a program is open;
// cancel(), suspend() and log() alone are for any thread. Failure: invalid (this frame cannot be rendered here),
// unavailable (a local error), conflict (cancelled); its `problem` is the code of a result. log() then has the
// program's last lines. The caller checks that it is an image.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/process/process.h"
#include "common/render/render_method.h"
#include "slave/cgroup.h"
#include "slave/gpu.h"
#include "slave/render_warnings.h"

namespace distren {

struct RendererSettings {
  std::filesystem::path folder;  // the renderer's own: out/ and cache/ are made in it
  bool sandboxed = true;
  int threads = 1;
  int memory_mib = 0;  // 0: no limit
  int nice = 0;
  std::optional<CgroupLimits> scope{};  // nothing: no control group
};

struct RenderTask {
  RenderMethod const* method = nullptr;
  std::filesystem::path program;
  std::filesystem::path tree{};  // in which the program lies, see Sandbox
  std::filesystem::path job;     // folder of the scene's files
  std::int64_t owner = 0;        // of the job: shader caches are kept per owner
  nlohmann::json parameters;     // checked for the whole order
  std::string name;              // of the file in out/, one path part
  std::chrono::milliseconds deadline{0};
  std::uint64_t size_limit = 0;  // bytes of the file
  std::vector<Gpu> gpus{};       // to render on; the same for all frames of an open program
};

struct Rendered {
  std::filesystem::path path;  // in out/; untrusted content
  // Besides it, below out/, as the program names them; checked names.
  std::vector<std::string> more_outputs{};
  int width = 0;  // 0: not reported
  int height = 0;
  std::string format;  // empty: not reported
  std::chrono::microseconds cpu{0};
  std::chrono::milliseconds wall{0};
  int memory_mib = 0;
};

class Renderer {
public:
  using OnProgress = std::function<void(RenderProgress const&)>;

  static Result<std::unique_ptr<Renderer>> open(RendererSettings settings);
  ~Renderer();

  Result<Rendered> render(RenderTask const& task, OnProgress const& progress);
  void cancel();  // ends the current frame, and every later one until allow()
  void allow();
  void close();  // ends a program that waits for more
  // Suspends the program, or resumes it; suspended time does not count towards limits. Any thread.
  void suspend(bool stopped);
  void set_limits(int threads, int memory_mib);  // from the next frame on, by a new program. Any thread.
  // What the program of the latest frame warned of, each kind once: those of its loading, which hold for each of its
  // frames, and of the frame itself. At most limits::max_warnings; the last sums up those beyond.
  [[nodiscard]] std::vector<protocol::RenderWarning> warnings() const;
  [[nodiscard]] std::string log() const;  // the last lines of the open program, printable, at most log_limit bytes
  static constexpr std::size_t log_limit = 16U << 10;

private:
  struct Frame;
  explicit Renderer(RendererSettings settings);
  Result<Rendered> attempt(RenderTask const& task, OnProgress const& progress);
  Result<void> start(RenderTask const& task, std::string const& key);
  Result<void> follow(RenderTask const& task, Frame& frame, OnProgress const& progress);
  bool take_event(RenderTask const& task, std::string_view text, Frame& frame);
  void take_done(RenderTask const& task, nlohmann::json const& event, Frame& frame);
  static void take_outputs(RenderTask const& task, nlohmann::json const& listed, Frame& frame);
  [[nodiscard]] bool can_follow(RenderTask const& task) const;
  [[nodiscard]] bool worn_out(std::uint64_t resident);
  void take_line(RenderTask const& task, std::string const& line, Frame& frame, OnProgress const& progress);
  void take_lent();
  void interrupt();
  std::chrono::milliseconds suspended();
  void take_only_file(std::string const& name) const;
  Error explain(RenderTask const& task, Frame const& frame, ProcessEnd const& end);

  RendererSettings settings_;
  std::mutex process_mutex_;  // cancel() against start and close
  std::unique_ptr<Process> process_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> interrupted_ = false;  // the open program
  std::string killed_;                     // the last frame whose program was killed, job and parameters
  std::optional<std::chrono::steady_clock::time_point> suspended_since_;  // under process_mutex_
  std::chrono::milliseconds suspended_before_{0};                         // in all, under process_mutex_
  std::optional<std::pair<int, int>> next_limits_;  // threads, MiB; not in use yet; under process_mutex_
  std::string key_;                                 // what the open program was started for
  int frames_ = 0;                                  // that it has rendered
  struct Next {  // the only frames that the open program can render next, with these parameters
    std::int64_t first = 0;
    std::int64_t last = 0;
    nlohmann::json parameters;
  };
  std::optional<Next> next_;   // nothing: any
  std::uint64_t settled_ = 0;  // bytes resident after the open program's first frames
  ProcessUsage usage_;         // of the open program when its last frame ended
  RenderWarnings warnings_;
  mutable std::mutex log_mutex_;
  std::deque<std::string> log_;
  std::string last_progress_;
};

}  // namespace distren
