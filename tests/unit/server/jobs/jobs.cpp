// Jobs are changed by many workers at once: database, dispatcher and pages end alike, whoever was first.
#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "server/jobs/maintenance.h"
#include "server/storage/job_folder.h"
#include "server/store/journal.h"
#include "tests/support/api_fixture.h"
#include "tests/support/database_fixture.h"

using namespace distren;
using nlohmann::json;

namespace {

struct Fixture : DatabaseThread, ApiFixture {
  Fixture() : ApiFixture(*the_database) {}

  json scene_job(std::string const& secret, json const& changes = json::object()) {
    std::ifstream file(top / "methods/blender/sample/distren-sample.blend", std::ios::binary);
    std::string const blend{std::istreambuf_iterator<char>(file), {}};
    ck_assert_int_eq(upload(secret, blend).status, 201);
    json request{
        {"name", "film"},
        {"main_file", "scene.blend"},
        {"frames", "1-4"},
        {"files", {{{"path", "scene.blend"}, {"sha256", to_hex(sha256(blend))}, {"size_bytes", blend.size()}}}}};
    request.merge_patch(changes);
    return request;
  }
  std::int64_t new_job(std::string const& secret) {
    auto const reply = call("POST", "/api/v1/submissions", secret, scene_job(secret));
    ck_assert_msg(reply.status == 201, "%s", reply.text.c_str());
    return reply.json["id"];
  }
};

Request request_of(std::string const& method, std::string const& path, std::string const& secret) {
  Request request;
  request.method = method;
  request.path = path;
  request.address = "203.0.113.7";
  request.loopback = true;
  request.headers.emplace_back("authorization", "Bearer " + secret);
  return request;
}

// A worker with a connection of its own, that sends the requests one after the other.
std::thread worker(Fixture& fixture, std::string const& secret, std::vector<std::string> const& paths, int rounds) {
  return std::thread([&fixture, secret, paths, rounds] {
    DatabaseThread const thread;
    Database database(*the_database);
    Worker own{database};
    for (int i = 0; i < rounds; ++i) {
      for (auto const& path : paths) (void)fixture.router->answer(request_of("POST", path, secret), own);
    }
  });
}

// Until it goes, the dispatcher is late now and then, so that what it is told gathers.
class LateDispatcher {
public:
  explicit LateDispatcher(Dispatcher& dispatcher)
      : thread_([this, &dispatcher] {
          std::minstd_rand random;
          while (!stopping_) {
            dispatcher.ask([&random](DispatchCore const&, std::int64_t) {
              std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
              return true;
            });
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 1000));
          }
        }) {}
  ~LateDispatcher() {
    stopping_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

START_TEST(pause_and_resume_at_once_leave_database_and_dispatcher_alike) {
  Fixture fixture;
  auto const secret = fixture.person();
  auto const job = fixture.new_job(secret);
  auto const path = "/api/v1/jobs/" + std::to_string(job);
  LateDispatcher const late(*fixture.dispatcher);
  for (int round = 0; round < 40; ++round) {
    auto one = worker(fixture, secret, {path + "/pause", path + "/resume"}, 2);
    auto other = worker(fixture, secret, {path + "/resume", path + "/pause"}, 2);
    auto third = worker(fixture, secret, {round % 2 == 0 ? path + "/pause" : path + "/resume"}, 4);
    one.join();
    other.join();
    third.join();
    auto const row = store::show_job(fixture.database, job);
    ck_assert(row.has_value());
    ck_assert_msg((row->state == store::JobState::paused) == fixture.paused(job), "round %d: the database says %s",
                  round, row->state == store::JobState::paused ? "paused" : "active");
  }
}
END_TEST

START_TEST(a_job_that_is_cancelled_while_it_is_loaded_is_told_of_last) {
  Fixture fixture;
  auto const secret = fixture.person();
  LateDispatcher const late(*fixture.dispatcher);
  for (int round = 0; round < 20; ++round) {
    auto const job = fixture.new_job(secret);
    auto const path = "/api/v1/jobs/" + std::to_string(job);
    std::thread loading([&fixture, job] {
      DatabaseThread const thread;
      Database database(*the_database);
      (void)fixture.services->jobs.load_into_dispatcher(database, job);
    });
    auto cancelling = worker(fixture, secret, {path + "/cancel"}, 1);
    loading.join();
    cancelling.join();
    ck_assert_msg(fixture.unfinished(job) == 0, "round %d: it was added after it was removed", round);
  }
}
END_TEST

START_TEST(what_could_not_be_told_is_told_when_the_database_is_back) {
  Fixture fixture;
  auto const secret = fixture.person();
  auto const job = fixture.new_job(secret);
  DatabaseAddress nowhere = *the_database;
  nowhere.socket = "/nonexistent";
  Database away(nowhere);
  ck_assert(fixture.services->jobs.pause(away, job, "a while", "owner").error().code == Errc::unavailable);
  // As when the connection broke after the commit.
  ck_assert(store::pause_job(fixture.database, job, "a while", "owner").has_value());
  ck_assert(!fixture.paused(job));
  run_maintenance(fixture.services->maintenance(), fixture.database);
  ck_assert(fixture.paused(job));
}
END_TEST

START_TEST(each_change_that_the_dispatcher_follows_raises_the_revision) {
  Fixture fixture;
  auto const secret = fixture.person();
  auto const job = fixture.new_job(secret);
  auto& jobs = fixture.services->jobs;
  auto const revision = [&] { return store::show_job(fixture.database, job)->revision; };
  auto last = revision();
  auto const raised = [&](Result<store::Job> const& changed) {
    ck_assert_msg(changed.has_value(), "%s", changed ? "" : changed.error().message.c_str());
    auto const now = revision();
    ck_assert_int_eq(changed->revision, now);
    return std::exchange(last, now) < now;
  };
  ck_assert(raised(jobs.pause(fixture.database, job, "a while", "owner")));
  ck_assert(!raised(jobs.pause(fixture.database, job, "again", "owner")));
  ck_assert(raised(jobs.resume(fixture.database, job)));
  ck_assert(raised(jobs.change(fixture.database, job, std::nullopt, 70)));
  ck_assert(raised(jobs.change(fixture.database, job, "another name", std::nullopt)));  // for If-Match
  ck_assert(!raised(jobs.approve(fixture.database, job)));                              // it is not held
  auto const rows = store::load_jobs(fixture.database, job);
  ck_assert(rows.has_value() && rows->front().revision == last);
  ck_assert(raised(jobs.cancel(fixture.database, job, "not needed")));
}
END_TEST

START_TEST(a_submission_that_a_kill_left_half_is_seen_by_nobody_and_goes_at_the_next_start) {
  Fixture fixture;
  auto const secret = fixture.person();
  auto const whole = fixture.new_job(secret);
  auto const user = store::show_job(fixture.database, whole)->user;
  store::NewJob job{.name = "half",
                    .method = "blender",
                    .source = "scene.blend",
                    .parameters = "{}",
                    .output = "{}",
                    .version = "0",
                    .warnings = "[]",
                    .files = *store::list_job_files(fixture.database, whole),
                    .frames = {1, 2, 3}};
  store::NewSubmission half{.user = user, .sequence = {}, .shot = {}, .jobs = {job, job}};
  half.jobs.back().after = 0;
  auto const begun = store::create_submission(fixture.database, half);
  ck_assert_uint_eq(begun->size(), 2);
  auto const first = begun->front().job;
  ck_assert(store::add_submission_tasks(fixture.database, half.jobs.front(), begun->front()).has_value());
  ck_assert(place_job_files(fixture.folder, first, *fixture.blobs, job.files).has_value());

  auto const listed = fixture.call("GET", "/api/v1/jobs", secret);
  ck_assert(listed.json["items"].size() == 1 && listed.json["items"][0]["id"] == whole);
  auto const path = "/api/v1/jobs/" + std::to_string(first);
  ck_assert_int_eq(fixture.call("GET", path, secret).status, 404);
  ck_assert_int_eq(fixture.call("POST", path + "/cancel", secret).status, 404);
  run_maintenance(fixture.services->maintenance(), fixture.database);  // it may be being written at this moment
  ck_assert_uint_eq(store::list_abandoned_jobs(fixture.database, 0)->size(), 2);

  ck_assert(restore_job_folders(fixture.database, *fixture.blobs, fixture.folder).has_value());
  ck_assert_uint_eq(store::list_abandoned_jobs(fixture.database, 0)->size(), 0);
  ck_assert(!std::filesystem::exists(job_folder(fixture.folder, first)));
  ck_assert(std::filesystem::exists(job_folder(fixture.folder, whole)));
  ck_assert(store::complete_submission(fixture.database, first, "", "").error().code == Errc::not_found);
}
END_TEST

TestGroup const together_tests{"together",
                               {pause_and_resume_at_once_leave_database_and_dispatcher_alike,
                                a_job_that_is_cancelled_while_it_is_loaded_is_told_of_last,
                                what_could_not_be_told_is_told_when_the_database_is_back,
                                each_change_that_the_dispatcher_follows_raises_the_revision},
                               with_database};
TestGroup const submissions_tests{
    "submissions", {a_submission_that_a_kill_left_half_is_seen_by_nobody_and_goes_at_the_next_start}, with_database};

}  // namespace
