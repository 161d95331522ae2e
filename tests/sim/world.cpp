#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "server/economy/fixed_math.h"

#include "server/dispatch/attempt_events.h"
#include "server/dispatch/job_events.h"
#include "server/dispatch/next_order.h"
#include "server/dispatch/result_events.h"
#include "server/dispatch/slave_events.h"
#include "server/dispatch/status.h"
#include "server/dispatch/tick.h"

namespace distren::sim {

namespace {

constexpr std::int64_t tick_ms = 60'000;
constexpr std::int64_t lease_ms = hour_ms;
constexpr char const* lease_key = "a key of the simulation";

OrderLinks no_links() {
  return {.blob = [](std::string_view) { return std::string(); },
          .inputs = [](std::int64_t) { return std::string(); },
          .upload = [](Lease const&, std::string_view) { return std::string(); }};
}

DispatchSettings settings_of() {
  DispatchSettings settings;
  settings.lease_key = lease_key;
  settings.lease_ms = lease_ms;
  settings.link_life_ms = 1000 * day_ms;
  return settings;
}

AttemptTerms terms_in(std::string_view order) {
  constexpr std::string_view before = R"("lease":")";
  order.remove_prefix(order.find(before) + before.size());
  auto const lease = verify_lease(order.substr(0, order.find('"')), lease_key);
  return lease ? lease->terms : AttemptTerms{};
}

}  // namespace

// What a PC hears, read from the line's own text.
struct World::Sink : SlaveSink {
  Sink(World& its_world, std::int64_t its_pc) : world(its_world), pc(its_pc) {}
  void send(std::string line) override {
    long long attempt = 0;
    long long task = 0;
    long long job = 0;
    if (std::sscanf(line.c_str(), R"({"type":"order","attempt":%lld,"task":%lld,"job":%lld)", &attempt, &task, &job) ==
        3)
      return world.begin(pc, attempt, task, job, std::atoi(line.c_str() + line.find(R"("frame":)") + 8),
                         terms_in(line));
    if (std::sscanf(line.c_str(), R"({"type":"cancel","attempt":%lld)", &attempt) == 1) world.cancel(pc, attempt);
  }
  void close(protocol::Goodbye const&) override {}
  World& world;
  std::int64_t pc;
};

World::World(WorldSettings settings)
    : settings_(settings),
      random_(settings.seed),
      payroll_(settings.rules, settings.seed + 1, ledger_),
      core_(settings_of(), no_links(), policy_, *this) {
  payroll_.total_changed = [this](std::int64_t user) { policy_.set_user(user, ledger_.total(user)); };
  payroll_.escrow_changed = [this](std::int64_t job) { policy_.set_boost(job, ledger_.escrow(job)); };
  schedule(tick_ms, Kind::tick);
  schedule(day_ms, Kind::daily);
}

World::~World() = default;

std::int64_t World::add(User user) {
  auto const id = static_cast<std::int64_t>(users_.size());
  users_.push_back(user);
  if (user.points > 0) ledger_.adjust(-id, id, user.points);
  policy_.set_user(id, ledger_.total(id));
  if (user.backlogged)
    schedule(0, Kind::submit, id);
  else if (user.jobs_per_day > 0)
    schedule(static_cast<std::int64_t>(random_.exponential(day_ms / user.jobs_per_day)), Kind::submit, id);
  return id;
}

std::int64_t World::add(Pc pc) {
  auto const id = static_cast<std::int64_t>(machines_.size());
  static_cast<Pc&>(machines_.emplace_back()) = pc;
  payroll_.add_pc(id, pc.user, users_[static_cast<std::size_t>(pc.user)].nature, pc.cores, pc.true_power);
  std::int64_t const wait =
      pc.on_hours > 0 ? static_cast<std::int64_t>(random_.between(0, pc.off_hours * hour_ms)) : 1000;
  schedule(wait, Kind::on, id);
  return id;
}

void World::schedule(std::int64_t in_ms, Kind kind, std::int64_t a, std::int64_t b) {
  queue_.push({now_ + std::max<std::int64_t>(in_ms, 0), ++events_, kind, a, b});
}

void World::run(double days) {
  std::int64_t const end = now_ + static_cast<std::int64_t>(days * static_cast<double>(day_ms));
  while (!queue_.empty() && queue_.top().at <= end) {
    Event const event = queue_.top();
    queue_.pop();
    now_ = event.at;
    handle(event);
    journal();
  }
  now_ = end;
}

void World::handle(Event const& event) {
  switch (event.kind) {
    case Kind::finish:
      return finish(event.a, event.b);
    case Kind::renew: {
      Machine& pc = machines_[static_cast<std::size_t>(event.a)];
      if (!pc.running.contains(event.b)) return;
      report_progress(core_, event.a, {.attempt = event.b, .fraction = 0.5}, now_);
      return schedule(lease_ms / 2, Kind::renew, event.a, event.b);
    }
    case Kind::on:
      return turn_on(event.a);
    case Kind::off:
      return turn_off(event.a);
    case Kind::submit:
      return submit(event.a);
    case Kind::tick:
      tick(core_, now_);
      return schedule(tick_ms, Kind::tick);
    case Kind::daily:
      payroll_.age(now_);
      payroll_.expect_one_earn_each();
      ledger_.check();
      return schedule(day_ms, Kind::daily);
  }
}

// People ------------------------------------------------------------------------------------------------------------

void World::submit(std::int64_t id) {
  User& user = users_[static_cast<std::size_t>(id)];
  int const jobs = random_.chance(settings_.bursts) ? 5 : 1;
  for (int i = 0; i < jobs; ++i) {
    JobShape shape = user.shape;
    if (!user.backlogged) {
      shape.frames = std::clamp(static_cast<int>(random_.log_normal(shape.frames, 0.8)), 1, 5000);
      shape.work = std::clamp<std::int64_t>(
          static_cast<std::int64_t>(random_.log_normal(static_cast<double>(shape.work), 1)), 1000, 3'000'000);
    }
    auto const job = static_cast<std::int64_t>(jobs_.size());
    jobs_.push_back({.user = id,
                     .shape = shape,
                     .efficiency = random_.between(0.6, 0.98),
                     .submitted = now_,
                     .left = shape.frames,
                     .contributor = economy::user_weight(ledger_.total(id)) > 0});
    user.latest_job = job;
    first_tasks_.push_back(tasks_ + 1);
    store::RunnableJob runnable;
    runnable.id = job;
    runnable.user = id;
    runnable.method = "blender";
    runnable.version = "3.4";
    runnable.renderer.version = "3.6";
    runnable.state = "active";
    runnable.output = runnable.parameters = "{}";
    runnable.first_task = tasks_ + 1;
    runnable.tasks = shape.frames;
    std::vector<store::RunnableTask> tasks;
    tasks.reserve(static_cast<std::size_t>(shape.frames));
    for (int frame = 1; frame <= shape.frames; ++frame) tasks.push_back({.id = ++tasks_, .job = job, .frame = frame});
    done_tasks_.resize(static_cast<std::size_t>(tasks_) + 1);
    if (user.waiting_frames == 0) user.total_at_turn = total_given;
    user.waiting_frames += shape.frames;
    if (user.boosts) {
      std::int64_t const pays = std::min(ledger_.available(id) / 2, shape.work * shape.frames * 2);
      if (ledger_.boost(job, id, job, pays)) policy_.set_boost(job, ledger_.escrow(job));
    }
    add_job(core_, std::move(runnable), tasks, {}, now_);
  }
  if (!user.backlogged)
    schedule(static_cast<std::int64_t>(random_.exponential(day_ms / user.jobs_per_day * jobs)), Kind::submit, id);
}

std::int64_t World::frame_work(std::int64_t job, int frame) const {
  auto const work = static_cast<double>(jobs_[static_cast<std::size_t>(job)].shape.work);
  return static_cast<std::int64_t>(work * (0.8 + 0.4 * fixed_unit(job, frame)));
}

std::int64_t World::job_of_task(std::int64_t task) const {
  return std::ranges::upper_bound(first_tasks_, task) - first_tasks_.begin() - 1;
}

// PCs ---------------------------------------------------------------------------------------------------------------

void World::turn_on(std::int64_t id) {
  Machine& pc = machines_[static_cast<std::size_t>(id)];
  if (payroll_.disabled(id, now_)) return schedule(day_ms / 4, Kind::on, id);
  pc.on = true;
  pc.sink = std::make_shared<Sink>(*this, id);
  SlaveCapabilities state;
  state.id = id;
  state.user = pc.user;
  state.cores = pc.cores;
  state.memory_mib = 16384;
  state.methods = {{"blender", "3.6"}};
  core_.benchmarks.load({.slave = id,
                         .method = state.methods[0].name,
                         .version = state.methods[0].version,
                         .benchmark = static_cast<int>(payroll_.benchmark(id)),
                         .power = static_cast<int>(payroll_.power(id))},
                        now_);
  if (auto admitted = admit_slave(core_, id, "the only one", pc.sink, now_); !admitted)
    ledger_.expect(false, admitted.error().message);
  slave_announced(core_, state, now_);
  if (pc.on_hours > 0)
    schedule(static_cast<std::int64_t>(random_.exponential(pc.on_hours * hour_ms)), Kind::off, id);
  else
    schedule(7 * day_ms, Kind::off, id);  // an update of its system
}

void World::turn_off(std::int64_t id) {
  Machine& pc = machines_[static_cast<std::size_t>(id)];
  bool const vanishes = random_.chance(pc.vanishes);
  auto const running = std::move(pc.running);
  pc.running.clear();
  pc.on = false;
  slave_disconnected(core_, id, pc.sink.get());
  for (auto const& [attempt, work] : running) {
    if (!vanishes)
      report_result(core_,
                    {.attempt = attempt,
                     .task = work.task,
                     .slave = id,
                     .outcome = store::Outcome::returned,
                     .output = {},
                     .output_sha256 = {},
                     .reason = "switched off"},
                    {}, now_);
  }
  double const off = pc.on_hours > 0 ? random_.exponential(pc.off_hours * hour_ms) : 600'000;
  schedule(static_cast<std::int64_t>(off), Kind::on, id);
}

void World::begin(std::int64_t id, std::int64_t attempt, std::int64_t task, std::int64_t job, int frame,
                  AttemptTerms const& terms) {
  Machine& pc = machines_[static_cast<std::size_t>(id)];
  Job& of = jobs_[static_cast<std::size_t>(job)];
  User& user = users_[static_cast<std::size_t>(of.user)];
  std::int64_t const work = frame_work(job, frame);
  double const suits = 0.93 + 0.14 * fixed_unit(job, pc.true_power * 1000 + pc.cores);
  auto const cpu_ms =
      static_cast<std::int64_t>(static_cast<double>(work * economy::ms_per_millipoint * 1000 / pc.true_power) * suits);
  auto const wall_ms = static_cast<std::int64_t>(static_cast<double>(cpu_ms) / pc.cores / of.efficiency) + 1000;
  pc.running[attempt] = {job, task, frame, now_, cpu_ms, terms};
  schedule(wall_ms, Kind::finish, id, attempt);
  if (wall_ms > lease_ms / 2) schedule(lease_ms / 2, Kind::renew, id, attempt);

  if (of.first_start == 0) of.first_start = now_;
  ++orders;
  if (pc.last_job == job) ++same_job;
  pc.last_job = job;
  user.longest_gap = std::max(user.longest_gap, total_given - user.total_at_turn);
  total_given += work;
  longest_frame = std::max(longest_frame, work);
  user.given += work;
  user.total_at_turn = total_given;
  --user.waiting_frames;
  // The next job comes once, while half of this one is still waiting.
  if (user.backlogged && user.waiting_frames < user.shape.frames / 2 && user.latest_job == job) {
    user.latest_job = 0;
    schedule(0, Kind::submit, of.user);
  }
}

void World::cancel(std::int64_t id, std::int64_t attempt) {
  machines_[static_cast<std::size_t>(id)].running.erase(attempt);
}

void World::finish(std::int64_t id, std::int64_t attempt) {
  Machine& pc = machines_[static_cast<std::size_t>(id)];
  auto const found = pc.running.find(attempt);
  if (found == pc.running.end()) return;
  Running const work = found->second;
  AttemptReport const report{.attempt = attempt,
                             .task = work.task,
                             .slave = id,
                             .given_ms = work.start,
                             .terms = work.terms,
                             .cpu_ms = work.cpu_ms,
                             .wall_ms = now_ - work.start,
                             .output = {},
                             .output_sha256 = {},
                             .reason = {}};
  if (begin_commit(core_, report, now_) == CommitDecision::busy) return schedule(1000, Kind::finish, id, attempt);
  pc.running.erase(found);
  handed_in_[attempt] = work;
  report_result(
      core_, report, [](std::string const&) {}, now_);
  if (payroll_.disabled(id, now_)) turn_off(id);
}

// The journal -------------------------------------------------------------------------------------------------------

void World::journal_outcome(store::OutcomeEntry outcome, std::function<void(std::string answer)> answer) {
  batch_.emplace_back(std::move(outcome), std::move(answer));
}

void World::journal() {
  while (!batch_.empty()) {
    auto const batch = std::move(batch_);
    batch_.clear();
    for (auto const& [outcome, answer] : batch) distren::settle(core_, outcome, record(outcome), 0, answer, now_);
  }
}

store::JournalReply::Verdict World::record(store::OutcomeEntry const& outcome) {
  using Verdict = store::JournalReply::Verdict;
  auto const job_id = job_of_task(outcome.task);
  Job& job = jobs_[static_cast<std::size_t>(job_id)];
  if (outcome.outcome == store::Outcome::returned || outcome.outcome == store::Outcome::expired) {
    ++users_[static_cast<std::size_t>(job.user)].waiting_frames;
    return Verdict::recorded;
  }
  auto const work = handed_in_.find(outcome.attempt);
  if (outcome.outcome != store::Outcome::accepted || work == handed_in_.end()) {
    if (outcome.outcome == store::Outcome::cancelled) ++copies;
    return Verdict::recorded;
  }
  Running const done = work->second;
  handed_in_.erase(work);
  if (done_tasks_[static_cast<std::size_t>(outcome.task)]) return Verdict::superseded;
  done_tasks_[static_cast<std::size_t>(outcome.task)] = true;
  ++frames_done;
  --job.left;
  payroll_.accept({.attempt = outcome.attempt,
                   .job = job_id,
                   .frame = done.frame,
                   .owner = job.user,
                   .pc = outcome.slave,
                   .work = frame_work(job_id, done.frame),
                   .cpu_ms = done.cpu_ms,
                   .wall_ms = now_ - done.start,
                   .unfinished = job.left,
                   .now = now_});
  if (job.left == 0) end_job(job_id);
  return Verdict::accepted;
}

void World::end_job(std::int64_t id) {
  Job& job = jobs_[static_cast<std::size_t>(id)];
  job.finished = now_;
  payroll_.end_job(id, job.user);
}

void World::settle() {
  for (std::size_t id = 1; id < jobs_.size(); ++id) {
    if (jobs_[id].finished != 0) continue;
    remove_job(core_, static_cast<std::int64_t>(id), store::deleted_revision, "the simulation ends", now_);
    payroll_.end_job(static_cast<std::int64_t>(id), jobs_[id].user);
  }
  payroll_.expect_one_earn_each();
  ledger_.check();
}

void World::forget_measures() {
  for (User& user : users_) {
    user.given = user.longest_gap = 0;
    user.total_at_turn = total_given;
  }
}

}  // namespace distren::sim
