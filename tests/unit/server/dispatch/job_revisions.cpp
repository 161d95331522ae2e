// Two readings of one job's row reach the dispatcher in any order; the newer one holds.
#include "server/dispatch/job_revisions.h"
#include "tests/support/dispatch_grid.h"

using namespace distren;
using store::JobState;

namespace {

store::RunnableJob row(std::int64_t id, std::int64_t revision, int frames) {
  return {.id = id,
          .user = 1,
          .method = "blender",
          .source = "scene.blend",
          .parameters = "{}",
          .output = R"({"format":"PNG","pattern":"%04d.png","width":64,"height":36})",
          .version = "2.80",
          .state = "active",
          .revision = revision,
          .first_task = id * 1000,
          .tasks = frames,
          .renderer = {.version = "3.4.1"},
          .files = {{"scene.blend", "abc", 10}}};
}

std::vector<store::RunnableTask> tasks_of(std::int64_t job, int frames) {
  std::vector<store::RunnableTask> tasks;
  for (int i = 0; i < frames; ++i) tasks.push_back({job * 1000 + i, job, i + 1, 0});
  return tasks;
}

void add(Grid& grid, store::RunnableJob job) {
  auto tasks = tasks_of(job.id, job.tasks);
  add_job(grid.core, std::move(job), tasks, {}, grid.now);
}

std::size_t orders(FakeSlave const& slave) {
  return slave.of_type("order").size();
}

START_TEST(a_job_that_was_cancelled_since_its_row_was_read_is_not_given_out) {
  Grid grid;
  auto const slave = grid.add_slave(7);
  remove_job(grid.core, 1, 2, "cancelled by its owner", grid.now);
  add(grid, row(1, 1, 3));
  ck_assert_uint_eq(orders(*slave), 0);
  ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
}
END_TEST

START_TEST(a_job_that_was_paused_since_its_row_was_read_gives_nothing_until_it_is_resumed) {
  Grid grid;
  auto const slave = grid.add_slave(7);
  change_job(grid.core, {.job = 1, .revision = 2, .state = JobState::paused}, grid.now);
  add(grid, row(1, 1, 3));
  ck_assert_uint_eq(orders(*slave), 0);
  ck_assert_text(explain_job(grid.core, 1).rule, "paused");
  change_job(grid.core, {.job = 1, .revision = 3}, grid.now);
  ck_assert_uint_eq(orders(*slave), 1);
}
END_TEST

START_TEST(a_job_that_was_resumed_after_it_was_paused_goes_on_whatever_is_told_first) {
  Grid grid;
  add(grid, row(1, 1, 3));
  change_job(grid.core, {.job = 1, .revision = 3}, grid.now);
  change_job(grid.core, {.job = 1, .revision = 2, .state = JobState::paused}, grid.now);
  ck_assert_uint_eq(orders(*grid.add_slave(7)), 1);
}
END_TEST

START_TEST(an_older_change_takes_nothing_back_of_a_newer_one) {
  Grid grid;
  add(grid, row(1, 1, 3));
  add(grid, row(2, 1, 3));
  change_job(grid.core, {.job = 2, .revision = 3, .priority = 90}, grid.now);
  change_job(grid.core, {.job = 2, .revision = 2, .state = JobState::paused, .priority = 10}, grid.now);
  ck_assert_int_eq(grid.add_slave(7)->received[0]["job"].get<int>(), 2);
}
END_TEST

START_TEST(rows_that_were_read_twice_take_no_frame_from_the_slave_that_renders_it) {
  Grid grid;
  add(grid, row(1, 1, 3));
  auto const slave = grid.add_slave(7);
  add(grid, row(1, 1, 3));
  ck_assert_uint_eq(slave->of_type("cancel").size(), 0);
  ck_assert_int_eq(grid_status(grid.core).tasks_leased, 1);
}
END_TEST

START_TEST(a_job_that_ended_is_not_brought_back_by_an_older_reading_but_by_its_owner) {
  Grid grid;
  add(grid, row(1, 1, 1));
  auto const slave = grid.add_slave(7);
  grid.done(slave->received[0], 7);
  grid.commit();
  add(grid, row(1, 1, 1));  // read before the frame was accepted
  ck_assert_uint_eq(orders(*slave), 1);
  job_finished(grid.core, 1, 2, grid.now);
  add(grid, row(1, 2, 1));
  ck_assert_uint_eq(orders(*slave), 1);
  add(grid, row(1, 3, 1));  // requeued
  ck_assert_uint_eq(orders(*slave), 2);
}
END_TEST

START_TEST(a_frame_whose_end_is_not_settled_here_is_not_reopened_in_vain) {
  Grid grid;
  add(grid, row(1, 1, 2));
  auto const slave = grid.add_slave(7);
  auto const order = slave->received[0];
  grid.done(order, 7);  // the database has it, and its owner wants it once more before that is heard here
  ck_assert(!reopen_task(grid.core, {.job = 1, .revision = 2}, order["task"], grid.now));
  add(grid, row(1, 2, 2));
  grid.commit();
  ck_assert_int_eq(grid_status(grid.core).tasks_ready + grid_status(grid.core).tasks_leased, 2);
}
END_TEST

START_TEST(what_is_made_of_a_job_waits_when_that_one_is_rendered_again_before_its_end_is_heard) {
  Grid grid;
  auto const slave = grid.add_slave(7, 2);
  change_job(grid.core, {.job = 1, .revision = 6}, grid.now);  // finished at 5, requeued at once
  auto video = row(2, 2, 1);
  video.after = 1;
  video.waits = true;
  add(grid, video);
  job_finished(grid.core, 1, 5, grid.now);
  ck_assert_text(explain_job(grid.core, 2).rule, "waits_for_job");
  ck_assert_uint_eq(orders(*slave), 0);
  job_finished(grid.core, 1, 7, grid.now);
  ck_assert_uint_eq(orders(*slave), 1);
}
END_TEST

START_TEST(what_is_made_of_a_job_begins_though_that_one_finished_while_its_row_was_read) {
  Grid grid;
  auto const slave = grid.add_slave(7, 2);
  job_finished(grid.core, 1, 5, grid.now);
  auto video = row(2, 1, 1);
  video.after = 1;
  video.waits = true;
  add(grid, video);
  ck_assert_uint_eq(orders(*slave), 1);
}
END_TEST

std::int64_t leased_of_users(Grid const& grid) {
  std::int64_t leased = 0;
  for (auto const& user : user_statuses(grid.core)) leased += user.leased;
  return leased;
}

START_TEST(nothing_of_a_job_that_is_gone_counts_as_being_rendered) {
  Grid grid;
  add(grid, row(1, 1, 3));
  auto const slave = grid.add_slave(7, 2);
  ck_assert_int_eq(grid_status(grid.core).tasks_leased, 2);
  slave_disconnected(grid.core, 7, slave.get());  // its leases stay for a while: it renders on
  ck_assert_int_eq(grid_status(grid.core).tasks_leased, 2);
  remove_job(grid.core, 1, 2, "cancelled by its owner", grid.now);
  remove_job(grid.core, 1, store::deleted_revision, "deleted", grid.now);
  add(grid, row(1, 1, 3));
  auto const again = grid.add_slave(8, 2);
  ck_assert_int_eq(grid_status(grid.core).tasks_leased, 0);
  ck_assert_int_eq(leased_of_users(grid), 0);
  ck_assert_uint_eq(current_tasks(grid.core, 8).size(), 0);
}
END_TEST

START_TEST(what_is_known_of_a_job_goes_some_time_after_the_job) {
  JobRevisions revisions;
  ck_assert(revisions.learn({.job = 1, .revision = 4}));
  ck_assert(!revisions.learn({.job = 1, .revision = 4, .state = JobState::paused}));
  revisions.queued(1);
  revisions.left_queue(1, 1000);
  revisions.queued(1);  // requeued
  revisions.left_queue(1, 5000);
  revisions.forget_old(1000 + JobRevisions::kept_ms);
  ck_assert_ptr_nonnull(revisions.find(1));
  revisions.forget_old(5000 + JobRevisions::kept_ms);
  ck_assert_ptr_null(revisions.find(1));
}
END_TEST

TestGroup const order_tests{
    "order",
    {a_job_that_was_cancelled_since_its_row_was_read_is_not_given_out,
     a_job_that_was_paused_since_its_row_was_read_gives_nothing_until_it_is_resumed,
     a_job_that_was_resumed_after_it_was_paused_goes_on_whatever_is_told_first,
     an_older_change_takes_nothing_back_of_a_newer_one,
     rows_that_were_read_twice_take_no_frame_from_the_slave_that_renders_it,
     a_job_that_ended_is_not_brought_back_by_an_older_reading_but_by_its_owner,
     a_frame_whose_end_is_not_settled_here_is_not_reopened_in_vain,
     what_is_made_of_a_job_waits_when_that_one_is_rendered_again_before_its_end_is_heard,
     what_is_made_of_a_job_begins_though_that_one_finished_while_its_row_was_read,
     nothing_of_a_job_that_is_gone_counts_as_being_rendered, what_is_known_of_a_job_goes_some_time_after_the_job}};

}  // namespace
