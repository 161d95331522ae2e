// Previews: small videos of a job's frames. One thread of its own encodes one at a time, on request.
// Frames are the thumbnails of the pages (server/media/thumbnail.h), every nth of many thousands;
// ffmpeg encodes them in a sandbox, with limits on time, memory and size. The file appears atomically
// and replaces the previous one. request(), status() and available(): any thread. stop() aborts an
// encoding.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "server/media/image_check.h"

namespace distren {

struct PreviewFrame {
  std::string output;  // below the job's output folder
  std::string sha256;
};

// Frames, rate and file name of a preview; the name changes with the frames.
struct PreviewPlan {
  std::vector<PreviewFrame> frames;
  int step = 1;  // every nth of the job's
  double fps = 24;
  std::string name;
};
// fps: of the scene; 0: unknown.
PreviewPlan plan_preview(std::vector<PreviewFrame> all, double fps = 0);

// The parts of a preview's file name; nullopt for other names.
struct PreviewName {
  int frames = 0;
  int step = 1;
};
std::optional<PreviewName> read_preview_name(std::string_view name);

std::filesystem::path preview_folder(std::filesystem::path const& stor, std::int64_t job);
// File name of the existing preview; empty: none.
std::string find_preview(std::filesystem::path const& stor, std::int64_t job);

class PreviewEncoder {
public:
  struct Progress {
    bool encoding = false;  // or in the queue
    double fraction = 0;    // 0 to 1
    std::string problem;    // why the latest try failed; empty: it did not
    std::string failed;     // name of the plan that failed
  };

  // encoder: the program, looked up in PATH.
  PreviewEncoder(std::filesystem::path stor, ImageChecker image, std::string_view encoder = "ffmpeg");
  ~PreviewEncoder();
  PreviewEncoder(PreviewEncoder const&) = delete;
  PreviewEncoder& operator=(PreviewEncoder const&) = delete;

  [[nodiscard]] bool available() const { return encoder_.has_value(); }
  // Queues the preview, unless one of this job is queued or encoding. Errors: unavailable, the queue is full.
  Result<void> request(std::int64_t job, PreviewPlan plan);
  Progress status(std::int64_t job);
  void stop();

private:
  struct PreviewRequest {
    std::int64_t job = 0;
    PreviewPlan plan;
  };
  void run();
  Result<void> make(PreviewRequest const& request);
  Result<void> encode(PreviewRequest const& request, std::filesystem::path const& frames,
                      std::filesystem::path const& video);
  void set_progress(double fraction);
  [[nodiscard]] bool stopping();

  std::filesystem::path stor_;
  ImageChecker image_;
  std::optional<std::filesystem::path> encoder_;
  std::mutex mutex_;  // guards all members below but thread_
  std::condition_variable wake_;
  std::deque<PreviewRequest> queue_;
  std::int64_t encoding_job_ = 0;  // 0: none
  double progress_ = 0;
  struct Failure {
    std::string plan;
    std::string problem;
  };
  std::map<std::int64_t, Failure> failures_;  // of jobs, the latest
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace distren
