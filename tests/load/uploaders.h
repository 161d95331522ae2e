// Threads that hand in images as slaves do: tus to the signed URL of the order. Owned by Crowd; done is called on the
// loop. stop() ends transfers within a second.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "server/net/loop.h"

namespace distren::load {

struct Image {  // as the order wants it
  std::string name;
  int width = 0;
  int height = 0;
};

struct Uploaded {
  std::string id;
  std::int64_t size = 0;
  std::string sha256;
};

class Uploaders {
public:
  using Done = std::function<void(Result<Uploaded> uploaded)>;

  Uploaders(Loop& loop, int threads, int bytes, std::string ca_file);
  ~Uploaders();
  void start(std::string url, Image image, Done done);
  void stop();

private:
  struct Work {
    std::string url;
    Image image;
    Done done;
  };
  struct File {
    std::filesystem::path path;
    std::string sha256;
  };
  void run();
  Result<File> file_for(Image const& image);

  Loop& loop_;
  int bytes_;
  std::string ca_file_;
  std::filesystem::path folder_;  // one picture for each size that was asked for
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;  // guards work_ and files_
  std::condition_variable wake_;
  std::deque<Work> work_;
  std::map<std::pair<int, int>, File> files_;
  std::vector<std::thread> threads_;
};

}  // namespace distren::load
