#include "client/fetch_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "client/parallel.h"
#include "client/progress.h"
#include "client/watch.h"
#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/text.h"
#include "common/http/http_download.h"
#include "common/render/frame_range.h"

namespace distren::client {
namespace {

constexpr std::size_t downloads_at_once = 4;
constexpr int page_size = 100;  // signed URLs are valid for an hour: request few at a time

struct Item {
  FetchedFrame frame;
  std::string url;
};

Result<Item> item_of(Json const& json) {
  Item item;
  item.frame.frame = static_cast<int>(number_of(json, "frame"));
  item.frame.name = text_of(json, "name");
  item.frame.size = number_of(json, "size_bytes");
  item.frame.sha256 = text_of(json, "sha256");
  item.url = text_of(json, "url");
  // The name becomes a local file, perhaps in a folder of its own, so the rules for untrusted paths apply.
  auto good = check_relative_path(item.frame.name);
  bool const hidden = item.frame.name.starts_with('.') || item.frame.name.find("/.") != std::string::npos;
  if (!good || hidden || !is_sha256_hex(item.frame.sha256) || item.frame.size <= 0 || item.url.empty())
    return fail(Errc::unavailable,
                fmt::format("the server describes frame {} unusably (name '{}')", item.frame.frame, item.frame.name));
  return item;
}

bool is_here(std::filesystem::path const& path, FetchedFrame const& frame) {
  std::error_code code;
  if (std::filesystem::file_size(path, code) != static_cast<std::uintmax_t>(frame.size) || code) return false;
  auto digest = sha256_file(path);
  return digest && to_hex(*digest) == frame.sha256;
}

class Fetcher {
public:
  Fetcher(Session& session, std::string job, std::filesystem::path folder)
      : session_(session),
        job_(std::move(job)),
        folder_(std::move(folder)),
        progress_(progress_on_stderr(session.settings().quiet)) {}

  Result<Fetched> run(std::vector<int> const& asked);

private:
  Result<void> fetch_page(std::vector<Item>& items);
  Result<void> fetch(Item& item, HttpClient& client);
  Result<std::string> fresh_url(FetchedFrame const& frame);
  void show(FetchedFrame const& frame, std::int64_t size);
  [[nodiscard]] std::string path() const {
    return fmt::format("/api/v1/jobs/{}/outputs?limit={}", url_escape(job_), page_size);
  }

  Session& session_;
  std::string job_;
  std::filesystem::path folder_;
  Progress progress_;
  std::mutex mutex_;  // protects session_ (renewing URLs) and the counters below
  std::string page_path_;
  std::set<std::string> done_;
  bool in_tiles_ = false;
  std::int64_t done_bytes_ = 0;
  std::size_t total_frames_ = 0;
};

void Fetcher::show(FetchedFrame const& frame, std::int64_t size) {
  std::lock_guard const lock(mutex_);
  done_.insert(in_tiles_ ? frame.name : fmt::to_string(frame.frame));  // a frame may have several files
  done_bytes_ += size;
  progress_.update(static_cast<double>(done_.size()) / static_cast<double>(std::max<std::size_t>(total_frames_, 1)),
                   fmt::format("{}/{} frames, {}", done_.size(), total_frames_, human_size(done_bytes_)));
}

// A slow download can outlive a page's signatures.
Result<std::string> Fetcher::fresh_url(FetchedFrame const& frame) {
  std::lock_guard const lock(mutex_);
  auto page = session_.get(page_path_, "the output of job " + job_);
  if (!page) return page.error();
  for (auto const& json : list_of(*page, "items"))
    if (text_of(json, "name") == frame.name) return text_of(json, "url");
  return fail(Errc::not_found, fmt::format("frame {} is no longer there", frame.frame));
}

Result<void> Fetcher::fetch(Item& item, HttpClient& client) {
  auto const target = folder_ / item.frame.name;
  if (is_here(target, item.frame)) {
    item.frame.was_here = true;
    show(item.frame, 0);
    return {};
  }
  std::error_code code;
  std::filesystem::create_directories(target.parent_path(), code);
  if (code)
    return fail(Errc::invalid,
                fmt::format("cannot create the folder '{}': {}", target.parent_path().string(), code.message()));
  Download what;
  what.url = session_.url(item.url);
  what.path = target;
  what.size = item.frame.size;
  for (int attempt = 1;; ++attempt) {
    auto done = download(client, what);
    if (!done && done.error().code == Errc::denied && attempt == 1) {
      auto url = fresh_url(item.frame);
      if (!url) return url.error();
      what.url = session_.url(*url);
      continue;
    }
    if (!done) return done;
    if (is_here(target, item.frame)) break;
    std::error_code ignored;
    std::filesystem::remove(target, ignored);  // perhaps resumed from a part of another file
    if (attempt >= 2)
      return fail(Errc::unavailable,
                  fmt::format("frame {} arrived damaged twice ({}); retry later", item.frame.frame, item.frame.name));
  }
  show(item.frame, item.frame.size);
  return {};
}

Result<void> Fetcher::fetch_page(std::vector<Item>& items) {
  return for_each_parallel(session_, items.size(), downloads_at_once,
                           [&](std::size_t i, HttpClient& client) { return fetch(items[i], client); });
}

Result<Fetched> Fetcher::run(std::vector<int> const& asked) {
  auto const what = "job " + job_;
  auto job = session_.get("/api/v1/jobs/" + url_escape(job_), what);
  if (!job) return job.error();
  in_tiles_ = in_tiles(*job);
  std::error_code code;
  std::filesystem::create_directories(folder_, code);
  if (code)
    return fail(Errc::invalid, fmt::format("cannot create the folder '{}': {}", folder_.string(), code.message()));
  total_frames_ =
      asked.empty() ? static_cast<std::size_t>(number_of(object_of(*job, "tasks"), "finished")) : asked.size();

  Fetched out;
  page_path_ = path();
  for (;;) {
    auto page = session_.get(page_path_, "the output of " + what);
    if (!page) return page.error();
    std::vector<Item> items;
    for (auto const& json : list_of(*page, "items")) {
      if (!asked.empty() && !std::ranges::binary_search(asked, static_cast<int>(number_of(json, "frame")))) continue;
      auto item = item_of(json);
      if (!item) return item.error();
      items.push_back(*std::move(item));
    }
    if (auto fetched = fetch_page(items); !fetched) return fetched.error();
    for (auto& item : items) out.frames.push_back(std::move(item.frame));
    auto const next = text_of(*page, "next_cursor");
    if (next.empty() || (!asked.empty() && !out.frames.empty() && out.frames.back().frame >= asked.back())) break;
    page_path_ = with_query(path(), "cursor", next);
  }

  std::vector<int> here;
  for (auto const& frame : out.frames) here.push_back(frame.frame);
  std::ranges::sort(here);
  here.erase(std::unique(here.begin(), here.end()), here.end());  // a frame may have several files
  auto wanted = asked;
  if (wanted.empty() && here.size() < static_cast<std::size_t>(number_of(object_of(*job, "tasks"), "total"))) {
    auto listed =
        session_.each_item("/api/v1/jobs/" + url_escape(job_) + "/tasks?limit=1000", what, [&wanted](Json const& task) {
          wanted.push_back(static_cast<int>(number_of(task, "frame")));
          return true;
        });
    if (!listed) return listed.error();
    std::ranges::sort(wanted);
  }
  std::ranges::set_difference(wanted, here, std::back_inserter(out.missing));
  return out;
}

}  // namespace

Result<Fetched> fetch_output(Session& session, std::string const& job, std::vector<int> const& frames,
                             std::filesystem::path const& folder) {
  return Fetcher(session, job, folder).run(frames);
}

int report_fetched(Context const& context, Fetched const& fetched, std::filesystem::path const& folder) {
  Json items = Json::array();
  std::size_t were_here = 0;
  for (auto const& frame : fetched.frames) {
    were_here += frame.was_here ? 1 : 0;
    items.push_back({{"frame", frame.frame},
                     {"name", frame.name},
                     {"size_bytes", frame.size},
                     {"sha256", frame.sha256},
                     {"path", (folder / frame.name).string()},
                     {"was_here", frame.was_here}});
  }
  auto const fetched_now = fetched.frames.size() - were_here;
  std::set<int> frames;
  for (auto const& frame : fetched.frames) frames.insert(frame.frame);
  auto text = fmt::format("{} {}", frames.size(), frames.size() == 1 ? "frame" : "frames");
  if (fetched.frames.size() > frames.size()) text += fmt::format(", {} files,", fetched.frames.size());
  text += fmt::format(" in {}", folder.string());
  if (were_here > 0) text += fmt::format(" ({} new, {} already there)", fetched_now, were_here);
  context.report({{"folder", folder.string()}, {"items", items}, {"missing", fetched.missing}}, text + "\n");
  if (fetched.missing.empty()) return exit_ok;
  Context::complain(fmt::format("distren: not rendered yet: {} {}", fetched.missing.size() == 1 ? "frame" : "frames",
                                format_frames(fetched.missing)));
  return exit_rejected;
}

}  // namespace distren::client
