#include "server/dispatch/event_batcher.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace distren {

namespace {

constexpr std::size_t frames_kept = 64;  // of a job; more of them a page asks for
constexpr std::size_t jobs_at_once = 200;
constexpr std::size_t slaves_at_once = 200;
constexpr std::int64_t pace_ms = 400;
constexpr std::int64_t grid_pace_ms = 2000;
constexpr std::int64_t points_pace_ms = 5000;

std::string text_of(std::string const& text) {
  if (text.empty()) return "null";
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string number_of(std::int64_t number) {
  return number == 0 ? "null" : fmt::to_string(number);
}

// The members of a Task of the API that change.
std::string task_text(FrameUpdate const& news) {
  bool const accepted = news.state == "accepted";
  return fmt::format(
      R"({{"id":{},"state":"{}","fraction":{},"failures":{},"slave":{},"slave_name":{},"output":{},)"
      R"("size":{},"sha256":{},"wall":{},"cpu":{},"reason":{}}})",
      news.task, news.state, news.state == "leased" ? fmt::format("{:.3f}", news.fraction) : std::string("null"),
      news.failures < 0 ? std::string("null") : fmt::to_string(news.failures), number_of(news.slave),
      text_of(news.slave_name), text_of(news.output), accepted ? fmt::to_string(news.size) : std::string("null"),
      text_of(news.sha256), news.wall_ms, news.cpu_ms, text_of(news.reason));
}

}  // namespace

EventBatcher::Job& EventBatcher::of(std::int64_t job, std::int64_t user) {
  auto& found = jobs_[job];
  found.user = user;
  return found;
}

void EventBatcher::frame(FrameUpdate const& news) {
  if (!hub_.wanted()) return hub_.miss();
  auto& job = of(news.job, news.user);
  if (auto const known = job.frames.find(news.task); known != job.frames.end()) {
    known->second = news;
  } else if (job.frames.size() < frames_kept) {
    job.frames.emplace(news.task, news);
  } else {
    job.more = true;
  }
}

void EventBatcher::slave(std::int64_t slave, std::int64_t user) {
  if (!hub_.wanted()) return hub_.miss();
  slaves_[slave] = user;
}

void EventBatcher::points(std::int64_t user) {
  if (hub_.wanted()) paid_.insert(user);
}

void EventBatcher::job(store::JournalAnswer::JobFigures const& figures) {
  if (!hub_.wanted()) return hub_.miss();
  of(figures.job, figures.user).figures = figures;
}

std::optional<std::int64_t> EventBatcher::due() const {
  if (!jobs_.empty() || !slaves_.empty()) return told_ms_ + pace_ms;
  if (!paid_.empty()) return points_told_ms_ + points_pace_ms;
  return std::nullopt;
}

News EventBatcher::news_of(std::int64_t id, Job const& job, DispatchCore const& core) {
  auto const live = core.job_running(id);
  std::string text = fmt::format(R"({{"id":{},"leased":{},"running":{:.3f})", id, live.leased, live.running);
  if (job.figures) {
    text += fmt::format(R"(,"accepted":{},"failed":{})", job.figures->accepted, job.figures->failed);
    // That it is active is no news of the journal, and its owner may have paused it since.
    if (job.figures->state != "active") text += fmt::format(R"(,"state":"{}")", job.figures->state);
  }
  return {.kind = News::Kind::job, .user = job.user, .job = id, .data = text + "}"};
}

News EventBatcher::frames_of(std::int64_t id, Job const& job) {
  std::string text = fmt::format(R"({{"job":{},"more":{},"items":[)", id, job.more);
  bool first = true;
  for (auto const& [task, news] : job.frames) {
    if (!std::exchange(first, false)) text += ',';
    text += task_text(news);
  }
  return {.kind = News::Kind::frames, .user = job.user, .job = id, .data = text + "]}"};
}

News EventBatcher::slave_of(std::int64_t id, std::int64_t user, DispatchCore const& core) {
  std::string text = fmt::format(R"({{"id":{},"online":{},"working_on":[)", id, core.online(id));
  bool first = true;
  for (auto const& work : core.slave_work(id)) {
    text += fmt::format(R"({}{{"job":{},"task":{},"frame":{},"fraction":{:.3f}}})",
                        std::exchange(first, false) ? "" : ",", work.job, work.task, work.frame, work.fraction);
  }
  return {.kind = News::Kind::slave, .user = user, .data = text + "]}"};
}

void EventBatcher::tell(DispatchCore const& core, std::int64_t now) {
  std::vector<News> news;
  if (now - told_ms_ >= pace_ms) {
    told_ms_ = now;
    for (std::size_t i = 0; i < jobs_at_once && !jobs_.empty(); ++i) {
      auto const job = jobs_.extract(jobs_.begin());
      if (job.mapped().more || !job.mapped().frames.empty()) news.push_back(frames_of(job.key(), job.mapped()));
      news.push_back(news_of(job.key(), job.mapped(), core));
    }
    for (std::size_t i = 0; i < slaves_at_once && !slaves_.empty(); ++i) {
      auto const slave = slaves_.extract(slaves_.begin());
      news.push_back(slave_of(slave.key(), slave.mapped(), core));
    }
  }
  if (now - points_told_ms_ >= points_pace_ms && !paid_.empty()) {
    points_told_ms_ = now;
    for (std::int64_t const user : paid_) news.push_back({.kind = News::Kind::points, .user = user, .data = "{}"});
    paid_.clear();
  }
  if (now - grid_told_ms_ >= grid_pace_ms && hub_.wanted()) {
    grid_told_ms_ = now;
    if (auto const grid = core.grid_live(); grid != grid_) {
      grid_ = grid;
      news.push_back({.kind = News::Kind::grid,
                      .data = fmt::format(R"({{"online":{},"active":{},"ready":{},"leased":{}}})", grid.slaves_online,
                                          grid.jobs_active, grid.tasks_ready, grid.tasks_leased)});
    }
  }
  hub_.publish(std::move(news));
}

}  // namespace distren
