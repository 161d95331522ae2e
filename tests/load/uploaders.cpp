#include "tests/load/uploaders.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/http/http_client.h"
#include "common/http/tus_client.h"
#include "tests/load/picture.h"

namespace distren::load {

namespace {

std::filesystem::path make_folder() {
  char const* const base = std::getenv("TMPDIR");
  std::string name = std::string(base == nullptr ? "/tmp" : base) + "/distren-load.XXXXXX";
  return mkdtemp(name.data()) == nullptr ? std::filesystem::path() : std::filesystem::path(name);
}

}  // namespace

Uploaders::Uploaders(Loop& loop, int threads, int bytes, std::string ca_file)
    : loop_(loop), bytes_(bytes), ca_file_(std::move(ca_file)), folder_(make_folder()) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Uploaders::~Uploaders() {
  stop();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void Uploaders::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
    work_.clear();
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Uploaders::start(std::string url, Image image, Done done) {
  {
    std::lock_guard const lock(mutex_);
    work_.push_back({std::move(url), std::move(image), std::move(done)});
  }
  wake_.notify_one();
}

Result<Uploaders::File> Uploaders::file_for(Image const& image) {
  std::pair const size{image.width > 0 ? image.width : 64, image.height > 0 ? image.height : 64};
  std::lock_guard const lock(mutex_);
  if (auto const found = files_.find(size); found != files_.end()) return found->second;
  auto const png = make_png(size.first, size.second, static_cast<std::size_t>(bytes_));
  if (!png) return png.error();
  File file{folder_ / fmt::format("{}x{}.png", size.first, size.second), to_hex(sha256(*png))};
  if (auto written = write_file_durably(file.path, *png); !written) return written.error();
  return files_[size] = file;
}

void Uploaders::run() {
  HttpClient::Options options;
  options.ca_file = ca_file_;
  options.user_agent = "distren-load";
  options.cancelled = &stopping_;
  HttpClient client(options);
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !work_.empty(); });
      if (stopping_) return;
      work = std::move(work_.front());
      work_.pop_front();
    }
    auto const file = file_for(work.image);
    Result<Uploaded> uploaded = fail(Errc::unavailable, "");
    if (!file) {
      uploaded = file.error();
    } else {
      TusUpload upload;
      upload.creation_url = work.url;
      upload.path = file->path;
      upload.size = bytes_;
      upload.sha256 = file->sha256;
      upload.filename = work.image.name;
      upload.tries = 2;
      auto const id = upload_by_tus(client, upload);
      uploaded = id ? Result<Uploaded>(Uploaded{*id, bytes_, file->sha256}) : Result<Uploaded>(id.error());
    }
    loop_.post([done = std::move(work.done), uploaded = std::move(uploaded)] { done(uploaded); });
  }
}

}  // namespace distren::load
