#include "server/media/preview.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "common/base/digest.h"
#include "common/process/process.h"
#include "common/process/sandbox.h"
#include "server/media/staging_folder.h"
#include "server/media/thumbnail.h"
#include "server/storage/job_folder.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::size_t max_frames = 1000;
constexpr std::size_t max_queued = 32;
constexpr std::size_t max_problems = 1000;
constexpr int longest_side = 1024;  // as the viewer's images, so that both share thumbnails
constexpr double usual_fps = 24;
constexpr double slowest_fps = 12;  // minimum when frames are left out: a slower preview shows no motion
constexpr auto encoding_limit = std::chrono::minutes(5);
constexpr std::uint64_t memory_limit = std::uint64_t{2} << 30;
constexpr std::uint64_t max_video_bytes = std::uint64_t{256} << 20;
constexpr double encoding_share = 0.3;  // of the displayed progress; the rest is the thumbnails

Error no_room(fs::path const& folder) {
  return {Errc::unavailable, fmt::format("nothing can be written in {}: is the disk full?", folder.string())};
}

}  // namespace

PreviewPlan plan_preview(std::vector<PreviewFrame> all, double fps) {
  PreviewPlan plan;
  plan.fps = fps >= 1 && fps <= 240 ? fps : usual_fps;
  std::string digests = plan.fps == usual_fps ? "" : fmt::format("{:g} ", plan.fps);
  plan.step = static_cast<int>((all.size() + max_frames - 1) / max_frames);
  plan.step = std::max(plan.step, 1);
  plan.fps = std::max(std::min(plan.fps, slowest_fps), plan.fps / plan.step);
  for (std::size_t i = 0; i < all.size(); i += static_cast<std::size_t>(plan.step)) {
    digests += all[i].sha256;
    plan.frames.push_back(std::move(all[i]));
  }
  plan.name = fmt::format("{}-{}-{}.mp4", to_hex(sha256(digests)).substr(0, 16), plan.frames.size(), plan.step);
  return plan;
}

std::optional<PreviewName> read_preview_name(std::string_view name) {
  PreviewName read;
  int end = 0;
  std::string const text(name.substr(0, 64));
  constexpr std::size_t digits = 16;
  if (text.size() < digits || text.find_first_not_of("0123456789abcdef") != digits) return std::nullopt;
  // NOLINTNEXTLINE(cert-err34-c): the lengths are bounded and the whole is compared below
  if (std::sscanf(text.c_str() + digits, "-%4d-%6d.mp4%n", &read.frames, &read.step, &end) != 2) return std::nullopt;
  auto const whole = fmt::format("{}-{}-{}.mp4", text.substr(0, digits), read.frames, read.step);
  return whole == name && read.frames > 0 && read.step > 0 ? std::optional(read) : std::nullopt;
}

fs::path preview_folder(fs::path const& stor, std::int64_t job) {
  return job_folder(stor, job) / "preview" / "film";
}

std::string find_preview(fs::path const& stor, std::int64_t job) {
  std::error_code ignored;
  std::string found;
  fs::file_time_type newest{};
  for (auto const& entry : fs::directory_iterator(preview_folder(stor, job), ignored)) {
    if (!read_preview_name(entry.path().filename().string())) continue;
    auto const written = entry.last_write_time(ignored);
    if (!found.empty() && written <= newest) continue;
    found = entry.path().filename().string();
    newest = written;
  }
  return found;
}

PreviewEncoder::PreviewEncoder(fs::path stor, ImageChecker image, std::string_view encoder)
    : stor_(std::move(stor)), image_(std::move(image)), encoder_(find_program(encoder)), thread_([this] { run(); }) {}

PreviewEncoder::~PreviewEncoder() {
  stop();
}

void PreviewEncoder::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool PreviewEncoder::stopping() {
  std::lock_guard const lock(mutex_);
  return stopping_;
}

void PreviewEncoder::set_progress(double fraction) {
  std::lock_guard const lock(mutex_);
  progress_ = fraction;
}

Result<void> PreviewEncoder::request(std::int64_t job, PreviewPlan plan) {
  {
    std::lock_guard const lock(mutex_);
    bool const queued = std::ranges::find(queue_, job, &PreviewRequest::job) != queue_.end();
    if (queued || encoding_job_ == job) return {};
    if (queue_.size() >= max_queued)
      return fail(Errc::unavailable, "many previews are being made; ask again in a minute");
    queue_.push_back({job, std::move(plan)});
  }
  wake_.notify_all();
  return {};
}

PreviewEncoder::Progress PreviewEncoder::status(std::int64_t job) {
  std::lock_guard const lock(mutex_);
  if (encoding_job_ == job) return {true, progress_, {}, {}};
  if (std::ranges::find(queue_, job, &PreviewRequest::job) != queue_.end()) return {true, 0, {}, {}};
  auto const failure = failures_.find(job);
  if (failure == failures_.end()) return {};
  return {false, 0, failure->second.problem, failure->second.plan};
}

void PreviewEncoder::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    auto const request = std::move(queue_.front());
    queue_.pop_front();
    encoding_job_ = request.job;
    progress_ = 0;
    lock.unlock();
    auto const made = make(request);
    lock.lock();
    encoding_job_ = 0;
    failures_.erase(request.job);
    if (made || stopping_) continue;
    spdlog::warn("the preview of job {} could not be made: {}", request.job, made.error().message);
    if (failures_.size() >= max_problems) failures_.clear();
    failures_[request.job] = {request.plan.name, made.error().message};
  }
}

Result<void> PreviewEncoder::make(PreviewRequest const& request) {
  auto const output = output_folder(stor_, request.job);
  auto const folder = preview_folder(stor_, request.job);
  std::error_code error;
  if (!fs::exists(output, error)) return fail(Errc::not_found, fmt::format("job {} is gone", request.job));
  fs::create_directories(folder, error);
  StagingFolder const temporary(folder);
  auto const images = temporary.path / "frames";
  if (temporary.path.empty() || !fs::create_directory(images, error)) return no_room(folder);

  Result<void> latest = fail(Errc::invalid, "no frame of it can be shown");
  int number = 0;
  for (std::size_t i = 0; i < request.plan.frames.size(); ++i) {
    if (stopping()) return fail(Errc::unavailable, "the server is stopping");
    auto const& frame = request.plan.frames[i];
    auto const thumbnail = thumbnail_file(job_folder(stor_, request.job), frame.sha256, longest_side);
    if (!fs::exists(thumbnail, error)) {
      if (!fs::exists(output, error)) return fail(Errc::not_found, fmt::format("job {} is gone", request.job));
      auto const made = make_thumbnail(image_, output / frame.output, thumbnail, longest_side);
      if (!made && made.error().code == Errc::unavailable) return made;
      if (!made) {
        latest = made;
        continue;  // an undecodable frame is left out
      }
    }
    fs::create_hard_link(thumbnail, images / fmt::format("{:05}.jpg", number), error);
    if (error) return no_room(folder);
    ++number;
    set_progress((1 - encoding_share) * static_cast<double>(i + 1) / static_cast<double>(request.plan.frames.size()));
  }
  if (number == 0) return latest;

  auto const video = temporary.path / "film.mp4";
  if (auto const encoded = encode(request, images, video); !encoded) return encoded;
  auto const before = find_preview(stor_, request.job);
  fs::rename(video, folder / request.plan.name, error);
  if (error) return no_room(folder);
  if (!before.empty() && before != request.plan.name) fs::remove(folder / before, error);
  return {};
}

Result<void> PreviewEncoder::encode(PreviewRequest const& request, fs::path const& frames, fs::path const& video) {
  bool const boxed = image_.sandboxed;
  auto const made = boxed ? fs::path("/made") : video.parent_path();
  ProcessOptions options;
  options.argv = {encoder_->string(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y"};
  auto const add = [&options](std::initializer_list<std::string> more) {
    options.argv.insert(options.argv.end(), more);
  };
  add({"-protocol_whitelist", "file", "-f", "image2", "-framerate", fmt::format("{:g}", request.plan.fps)});
  add({"-i", (boxed ? fs::path("/frames") : frames) / "%05d.jpg", "-an", "-sn", "-map_metadata", "-1"});
  add({"-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast"});
  add({"-crf", "23", "-movflags", "+faststart", "-threads", "2", made / "film.mp4"});
  options.limits = {
      .memory = memory_limit, .file_size = max_video_bytes, .open_files = 256, .processes = 64, .nice = 10};
  if (boxed) {
    Sandbox box;
    box.bindings = {{frames, "/frames", false}, {video.parent_path(), "/made", true}};
    if (auto entered = enter_sandbox(options, box); !entered) return entered;
  }
  auto started = Process::start(std::move(options));
  if (!started) return started.error();
  auto& process = **started;
  auto const until = Process::Clock::now() + encoding_limit;
  std::string line, last;
  for (;;) {
    auto const event = process.next_line(line, std::min(until, Process::Clock::now() + milliseconds(500)));
    if (event == ProcessEvent::line) last = line;
    if (event == ProcessEvent::closed) break;
    bool const late = Process::Clock::now() >= until;
    if (!late && !stopping()) continue;
    process.stop(true);
    return fail(Errc::unavailable,
                late ? "putting the film together took more than five minutes" : "the server is stopping");
  }
  auto const end = process.wait(until);
  std::error_code error;
  auto const status = fs::symlink_status(video, error);
  if (end.ok() && fs::is_regular_file(status) && fs::file_size(video, error) > 0) return {};
  return fail(Errc::unavailable, fmt::format("ffmpeg {}: {}", end.text(), last.empty() ? "it said nothing" : last));
}

}  // namespace distren
