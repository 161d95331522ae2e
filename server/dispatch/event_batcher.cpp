#include "server/dispatch/event_batcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/json_text.h"
#include "server/dispatch/status.h"
#include "server/dispatch/task_text.h"

namespace distren {

namespace {

constexpr std::size_t frames_kept = 64;  // per job; a page requests more itself
constexpr std::size_t jobs_at_once = 200;
constexpr std::size_t slaves_at_once = 200;
constexpr std::int64_t pace_ms = 400;
constexpr std::int64_t grid_pace_ms = 2000;
constexpr std::int64_t points_pace_ms = 5000;

// The members of an API Task that change.
nlohmann::json task_to_json(FrameUpdate const& update) {
  using nlohmann::json;
  bool const finished = update.state == "finished";
  bool const at_work = update.state == "assigned" || update.state == "rendering" || update.state == "checking";
  auto const or_null = [](std::int64_t number) { return number == 0 ? json(nullptr) : json(number); };
  json slave = nullptr;
  if (update.slave != 0)
    slave = {{"id", update.slave}, {"name", update.slave_name.empty() ? json(nullptr) : json(update.slave_name)}};
  json outputs = json::array();
  if (finished && !update.output.empty())
    outputs.push_back(task_output_to_json({.name = update.output,
                                           .size_bytes = update.size,
                                           .sha256 = update.sha256,
                                           .width = update.width,
                                           .height = update.height}));
  if (finished)
    for (auto const& each : update.more_outputs) outputs.push_back(further_output_to_json(each));
  json task{{"id", update.task},
            {"state", update.state},
            {"progress", at_work ? json(update.fraction) : json(nullptr)},
            {"slave", std::move(slave)},
            {"outputs", std::move(outputs)},
            {"wall_ms", or_null(update.wall_ms)},
            {"cpu_ms", or_null(update.cpu_ms)},
            {"failure", failure_to_json(update.outcome, update.code, update.reason)},
            {"warnings", warnings_to_json(update.warnings)}};
  if (update.failures >= 0) task["failure_count"] = update.failures;
  return task;
}

}  // namespace

EventBatcher::Job& EventBatcher::of(std::int64_t job, std::int64_t user) {
  auto& found = jobs_[job];
  found.user = user;
  return found;
}

void EventBatcher::frame(FrameUpdate const& update) {
  if (!broker_.has_subscribers()) return broker_.mark_missed();
  auto& job = of(update.job, update.user);
  if (auto const known = job.frames.find(update.task); known != job.frames.end()) {
    known->second = update;
  } else if (job.frames.size() < frames_kept) {
    job.frames.emplace(update.task, update);
  } else {
    job.truncated = true;
  }
}

void EventBatcher::slave(std::int64_t slave, std::int64_t user) {
  if (!broker_.has_subscribers()) return broker_.mark_missed();
  slaves_[slave] = user;
}

void EventBatcher::points(std::int64_t user) {
  if (broker_.has_subscribers()) paid_.insert(user);
}

void EventBatcher::job(store::JournalReply::JobCounts const& figures) {
  if (!broker_.has_subscribers()) return broker_.mark_missed();
  auto& job = of(figures.job, figures.user);
  auto warnings = job.figures ? std::move(job.figures->warnings) : std::string();
  job.figures = figures;
  if (job.figures->warnings.empty()) job.figures->warnings = std::move(warnings);  // of an earlier batch
  if (figures.state == "finished") job.turn = Event::Kind::job_finished;
  if (figures.state == "failed") job.turn = Event::Kind::job_failed;
}

void EventBatcher::paused(std::int64_t job) {
  if (auto const found = jobs_.find(job); found != jobs_.end() && found->second.figures)
    found->second.turn = Event::Kind::job_paused;
}

std::optional<std::int64_t> EventBatcher::due() const {
  if (!jobs_.empty() || !slaves_.empty()) return published_ms_ + pace_ms;
  if (!paid_.empty()) return points_published_ms_ + points_pace_ms;
  return std::nullopt;
}

Event EventBatcher::job_event(std::int64_t id, Job const& job, DispatchCore const& core) {
  auto const live = job_progress(core, id);
  auto const* const queue = core.jobs.find(id);
  int const left = queue == nullptr ? 0 : queue->unfinished();
  auto const* const known = core.revisions.find(id);
  auto const revision =
      std::max(known != nullptr ? known->revision : std::int64_t{0}, job.figures ? job.figures->revision : 0);
  std::string text = fmt::format(R"({{"id":{})", id);
  if (revision != 0) text += fmt::format(R"(,"revision":{})", revision);
  if (live.phases.sum() > 0) text += R"(,"wait_reason":null)";
  text += fmt::format(R"(,"rendering_progress":{:.3f},"tasks":{{"ready":{},"assigned":{},"rendering":{},"checking":{})",
                      live.running, std::max(0, left - live.phases.sum()), live.phases.assigned, live.phases.rendering,
                      live.phases.checking);
  if (job.figures) text += fmt::format(R"(,"finished":{},"failed":{})", job.figures->accepted, job.figures->failed);
  text += '}';
  if (job.figures && !job.figures->warnings.empty()) text += R"(,"warnings":)" + job.figures->warnings;
  if (job.figures) {
    // The journal is not the authority on "active": the owner may have paused the job since.
    if (job.figures->state != "active") text += fmt::format(R"(,"state":"{}")", job.figures->state);
  }
  return {.kind = Event::Kind::job_updated, .user = job.user, .job = id, .data = text + "}"};
}

Event EventBatcher::turn_event(std::int64_t id, Job const& job) {
  return {
      .kind = *job.turn,
      .user = job.user,
      .job = id,
      .data = fmt::format(R"({{"id":{},"revision":{},"state":"{}"}})", id, job.figures->revision, job.figures->state)};
}

Event EventBatcher::frames_event(std::int64_t id, Job const& job) {
  std::string text = fmt::format(R"({{"job_id":{},"truncated":{},"items":[)", id, job.truncated);
  bool first = true;
  for (auto const& [task, update] : job.frames) {
    if (!std::exchange(first, false)) text += ',';
    text += to_text(task_to_json(update));
  }
  return {.kind = Event::Kind::tasks_updated, .user = job.user, .job = id, .data = text + "]}"};
}

Event EventBatcher::slave_event(std::int64_t id, std::int64_t user, DispatchCore const& core) {
  std::string text = fmt::format(R"({{"id":{},"online":{},"current_tasks":[)", id, core.slaves.contains(id));
  bool first = true;
  for (auto const& work : current_tasks(core, id)) {
    text += fmt::format(R"({}{{"job_id":{},"task_id":{},"frame":{},"progress":{:.3f}}})",
                        std::exchange(first, false) ? "" : ",", work.job, work.task, work.frame, work.fraction);
  }
  return {.kind = Event::Kind::slave_updated, .user = user, .data = text + "]}"};
}

void EventBatcher::publish(DispatchCore const& core, std::int64_t now) {
  std::vector<Event> events;
  if (now - published_ms_ >= pace_ms) {
    published_ms_ = now;
    for (std::size_t i = 0; i < jobs_at_once && !jobs_.empty(); ++i) {
      auto const job = jobs_.extract(jobs_.begin());
      if (job.mapped().truncated || !job.mapped().frames.empty())
        events.push_back(frames_event(job.key(), job.mapped()));
      events.push_back(job_event(job.key(), job.mapped(), core));
      if (!job.mapped().turn) continue;
      events.push_back(turn_event(job.key(), job.mapped()));
      events.push_back({.kind = Event::Kind::submission_updated,
                        .user = job.mapped().user,
                        .data = fmt::format(R"({{"id":{}}})", job.mapped().figures->submission)});
    }
    for (std::size_t i = 0; i < slaves_at_once && !slaves_.empty(); ++i) {
      auto const slave = slaves_.extract(slaves_.begin());
      events.push_back(slave_event(slave.key(), slave.mapped(), core));
    }
  }
  if (now - points_published_ms_ >= points_pace_ms && !paid_.empty()) {
    points_published_ms_ = now;
    for (std::int64_t const user : paid_)
      events.push_back({.kind = Event::Kind::points_changed, .user = user, .data = "{}"});
    paid_.clear();
  }
  if (now - grid_published_ms_ >= grid_pace_ms && broker_.has_subscribers()) {
    grid_published_ms_ = now;
    if (auto const grid = grid_status(core); grid != grid_) {
      grid_ = grid;
      events.push_back({.kind = Event::Kind::grid_updated,
                        .data = to_text({{"slaves", {{"online", grid.slaves_online}}},
                                         {"jobs", {{"active", grid.jobs_active}}},
                                         {"frames",
                                          {{"ready", grid.tasks_ready},
                                           {"assigned", grid.phases.assigned},
                                           {"rendering", grid.phases.rendering},
                                           {"checking", grid.phases.checking}}}})});
    }
  }
  broker_.publish(std::move(events));
}

}  // namespace distren
