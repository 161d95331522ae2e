// Small films of a job's frames, to look at how they move: a thread of its own makes one at a time, when somebody asks.
// Its frames are the small pictures that the pages show (server/media/thumbnail.h), many thousands become every nth;
// ffmpeg puts them together in a sandbox, with limits on time, memory and size. A film appears under its name whole or
// not at all, and takes the place of the one before. ask(), see() and available(): any thread. stop() ends what is
// being made.
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

// What the film of these frames is: which of them, how fast, and its name, which changes with the frames.
struct PreviewPlan {
  std::vector<PreviewFrame> frames;
  int step = 1;  // every nth of the job's
  double fps = 24;
  std::string name;
};
// fps: of the scene; 0: nobody knows.
PreviewPlan plan_preview(std::vector<PreviewFrame> all, double fps = 0);

// What a film's name says of it; nothing for a name that is none.
struct PreviewName {
  int frames = 0;
  int step = 1;
};
std::optional<PreviewName> read_preview_name(std::string_view name);

std::filesystem::path preview_folder(std::filesystem::path const& stor, std::int64_t job);
// The name of the film that is there; empty: none.
std::string find_preview(std::filesystem::path const& stor, std::int64_t job);

class PreviewEncoder {
public:
  struct Progress {
    bool making = false;  // or in the queue
    double part = 0;      // 0 to 1
    std::string problem;  // why the latest try failed; told once
  };

  // encoder: the program, looked up in PATH.
  PreviewEncoder(std::filesystem::path stor, ImageChecker image, std::string_view encoder = "ffmpeg");
  ~PreviewEncoder();
  PreviewEncoder(PreviewEncoder const&) = delete;
  PreviewEncoder& operator=(PreviewEncoder const&) = delete;

  [[nodiscard]] bool available() const { return encoder_.has_value(); }
  // Sees to it that the film is made, unless one of this job is being made already. unavailable: too many wait.
  Result<void> ask(std::int64_t job, PreviewPlan plan);
  Progress see(std::int64_t job);
  void stop();

private:
  struct Wish {
    std::int64_t job = 0;
    PreviewPlan plan;
  };
  void run();
  Result<void> make(Wish const& wish);
  Result<void> encode(Wish const& wish, std::filesystem::path const& frames, std::filesystem::path const& film);
  void advance(double part);
  [[nodiscard]] bool stopping();

  std::filesystem::path stor_;
  ImageChecker image_;
  std::optional<std::filesystem::path> encoder_;
  std::mutex mutex_;  // guards all below but thread_
  std::condition_variable wake_;
  std::deque<Wish> waiting_;
  std::int64_t making_ = 0;  // the job; 0: none
  double part_ = 0;
  std::map<std::int64_t, std::string> problems_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace distren
