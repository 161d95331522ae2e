// Whose fault a failure is, as its slave says it: what counts against a frame, and what against a slave.
#include "tests/support/dispatch_grid.h"

using namespace distren;
using protocol::ResultCode;

namespace {

store::OutcomeEntry const& latest(Grid const& grid) {
  return grid.journal.outcomes.back().entry;
}

std::shared_ptr<FakeSlave> slave_of(Grid& grid, std::int64_t id, std::int64_t user) {
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, id, "instance" + std::to_string(id), slave, grid.now).has_value());
  auto state = Grid::state(id);
  state.user = user;
  slave_announced(grid.core, state, grid.now);
  return slave;
}

START_TEST(each_code_has_its_fault_and_what_is_unknown_is_nobodys) {
  using enum ResultCode;
  for (auto const code : {scene_error, camera_missing, input_missing, output_missing})
    ck_assert(protocol::fault_of(code) == protocol::Fault::job);
  for (auto const code :
       {out_of_memory, out_of_disk, renderer_missing, renderer_crashed, sandbox_failed, download_failed})
    ck_assert(protocol::fault_of(code) == protocol::Fault::machine);
  for (auto const code : {timed_out, too_long, volunteer_stopped, interrupted, other})
    ck_assert(protocol::fault_of(code) == protocol::Fault::nobody);
  ck_assert(protocol::result_code_named("camera_missing") == camera_missing);
  ck_assert(protocol::result_code_named("of_next_year") == other);
}
END_TEST

START_TEST(a_machines_fault_counts_against_no_frame_while_another_slave_can_try) {
  Grid grid;
  grid.add_job(1, 1);
  auto const first = grid.add_slave(7);
  auto const second = grid.add_slave(8);
  grid.fails(first->received[0], 7, "no room", ResultCode::out_of_disk);
  ck_assert(!latest(grid).counts && store::failure_code(latest(grid)) == "out_of_disk");
  ck_assert_uint_eq(second->of_type("order").size(), 1);
  ck_assert_uint_eq(first->of_type("order").size(), 1);  // not to where it failed
  grid.fails(second->received[0], 8, "no room", ResultCode::out_of_disk);
  ck_assert(latest(grid).counts && !latest(grid).task_failed);  // nobody is left to try
}
END_TEST

START_TEST(a_frame_that_fails_for_five_people_is_given_up_whatever_they_say) {
  Grid grid;
  grid.add_job(1, 1);
  std::vector<std::shared_ptr<FakeSlave>> slaves;
  for (int id = 1; id <= 7; ++id) slaves.push_back(grid.add_slave(id));
  for (int tries = 1; tries <= 5; ++tries) {
    int id = 1;
    while (slaves[static_cast<std::size_t>(id - 1)]->received.empty()) ++id;
    auto& slave = *slaves[static_cast<std::size_t>(id - 1)];
    json const order = slave.received.back();
    slave.received.clear();
    grid.fails(order, id, "it takes all memory", ResultCode::out_of_memory);
    ck_assert_int_eq(latest(grid).task_failed, tries == 5);
  }
  ck_assert_int_eq(grid_status(grid.core).jobs_active, 0);
}
END_TEST

START_TEST(the_jobs_fault_counts_once_for_all_slaves_of_a_person) {
  Grid grid;
  grid.add_job(1, 1);
  std::vector<std::shared_ptr<FakeSlave>> liars;
  for (int id = 1; id <= 3; ++id) liars.push_back(slave_of(grid, id, 66));
  auto const honest = slave_of(grid, 9, 77);
  int counted = 0;
  for (int id = 1; id <= 3; ++id) {
    if (liars[static_cast<std::size_t>(id - 1)]->received.empty()) break;
    grid.fails(liars[static_cast<std::size_t>(id - 1)]->received[0], id, "a lie", ResultCode::scene_error);
    counted += latest(grid).counts ? 1 : 0;
    ck_assert(!latest(grid).task_failed);
  }
  ck_assert_int_eq(counted, 1);
  ck_assert_uint_eq(honest->of_type("order").size(), 1);
  grid.done(honest->received[0], 9);
  grid.commit();
  ck_assert_says(grid.answer, "accepted");
}
END_TEST

// A frame of user 1's, and an honest slave that is busy with another.
std::shared_ptr<FakeSlave> frame_and_busy_slave(Grid& grid) {
  grid.add_job(2, 1, 2);
  auto busy = slave_of(grid, 9, 77);
  ck_assert_uint_eq(busy->of_type("order").size(), 1);
  grid.add_job(1, 1);
  return busy;
}

START_TEST(the_jobs_fault_counts_once_for_slaves_of_a_person_that_come_and_go) {
  Grid grid;
  auto const honest = frame_and_busy_slave(grid);
  for (int id = 1; id <= 4; ++id) {
    auto const liar = slave_of(grid, id, 66);
    ck_assert_uint_eq(liar->of_type("order").size(), 1);
    grid.fails(liar->of_type("order")[0], id, "a lie", ResultCode::scene_error);
    ck_assert_int_eq(latest(grid).counts, id == 1);
    ck_assert(!latest(grid).task_failed);
    slave_disconnected(grid.core, id, liar.get());
  }
}
END_TEST

START_TEST(whose_slaves_a_frame_failed_on_is_known_after_a_start) {
  Grid grid;
  grid.failures = {{1000, 1, 66}, {1000, 2, 0}};
  auto const honest = frame_and_busy_slave(grid);
  auto const liar = slave_of(grid, 3, 66);
  grid.fails(liar->of_type("order")[0], 3, "a lie", ResultCode::scene_error);
  ck_assert(!latest(grid).counts);
  auto const other = slave_of(grid, 4, 67);
  grid.fails(other->of_type("order")[0], 4, "no camera", ResultCode::scene_error);
  ck_assert(latest(grid).counts);
}
END_TEST

START_TEST(one_persons_slaves_give_up_no_frame_however_many_they_are) {
  Grid grid;
  auto const honest = frame_and_busy_slave(grid);
  for (int id = 1; id <= 7; ++id) {
    auto const liar = slave_of(grid, id, 66);
    ck_assert_uint_eq(liar->of_type("order").size(), 1);
    grid.fails(liar->of_type("order")[0], id, "a lie", ResultCode::out_of_memory);
    ck_assert(!latest(grid).counts && !latest(grid).task_failed);
  }
}
END_TEST

START_TEST(the_owners_own_slaves_are_believed) {
  Grid grid;
  grid.add_job(1, 1, 1);
  std::vector<std::shared_ptr<FakeSlave>> own;
  for (int id = 1; id <= 3; ++id) own.push_back(slave_of(grid, id, 1));
  grid.add_slave(9, 0);
  for (int id = 1; id <= 3; ++id)
    grid.fails(own[static_cast<std::size_t>(id - 1)]->received[0], id, "no camera", ResultCode::camera_missing);
  ck_assert(latest(grid).task_failed);
}
END_TEST

START_TEST(a_machine_that_fails_frames_of_several_users_is_offered_nothing_for_a_while) {
  Grid grid;
  grid.add_job(1, 1, 1);
  grid.add_job(2, 2, 2);
  auto const broken = grid.add_slave(7);
  int failures = 0;
  std::set<std::int64_t> owners;
  while (broken->of_type("order").size() > static_cast<std::size_t>(failures) && failures < 9) {
    auto const order = broken->of_type("order").back();
    owners.insert(order["job"].get<std::int64_t>());
    grid.fails(order, 7, "its memory is broken", ResultCode::renderer_crashed);
    ++failures;
  }
  ck_assert_uint_eq(owners.size(), 2);
  ck_assert_int_eq(failures, 3);
  auto const why = explain_slave(grid.core, 7);
  ck_assert_text(why.rule, "machine_faults");
  ck_assert_int_eq(why.number, 30);
  ck_assert_says(why.sentence, "its memory is broken");
  auto const before = broken->of_type("order").size();
  tick(grid.core, grid.now += 29'000);
  ck_assert_uint_eq(broken->of_type("order").size(), before);
  tick(grid.core, grid.now += 1'001);
  ck_assert_uint_eq(broken->of_type("order").size(), before + 1);
  grid.fails(broken->of_type("order").back(), 7, "its memory is broken", ResultCode::renderer_crashed);
  tick(grid.core, grid.now += 59'000);
  ck_assert_uint_eq(broken->of_type("order").size(), before + 1);  // twice as long
  tick(grid.core, grid.now += 1'001);
  ck_assert_uint_eq(broken->of_type("order").size(), before + 2);
  grid.done(broken->of_type("order").back(), 7);
  grid.commit();
  grid.fails(broken->of_type("order").back(), 7, "once more", ResultCode::renderer_crashed);
  ck_assert_uint_eq(broken->of_type("order").size(), before + 4);  // a good one wipes the slate clean
}
END_TEST

START_TEST(downloads_that_fail_make_no_slave_rest) {
  Grid grid;
  grid.add_job(1, 9, 1);
  grid.add_job(2, 9, 2);
  auto const slave = grid.add_slave(7);
  grid.add_slave(8);
  for (std::size_t i = 1; i <= 8; ++i) {
    ck_assert_uint_eq(slave->of_type("order").size(), i);
    grid.fails(slave->of_type("order").back(), 7, "the server does not answer", ResultCode::download_failed);
  }
  ck_assert_uint_eq(slave->of_type("order").size(), 9);
}
END_TEST

START_TEST(one_users_scene_stops_no_slave_however_often_it_fails) {
  Grid grid;
  grid.add_job(1, 20, 1);
  grid.add_slave(8);
  auto const slave = grid.add_slave(7);
  for (int i = 0; i < 8; ++i) {
    ck_assert_uint_eq(slave->of_type("order").size(), static_cast<std::size_t>(i) + 1);
    grid.fails(slave->of_type("order").back(), 7, "it takes all memory", ResultCode::out_of_memory);
  }
  ck_assert_uint_eq(slave->of_type("order").size(), 9);
}
END_TEST

TestGroup const faults_tests{
    "faults",
    {each_code_has_its_fault_and_what_is_unknown_is_nobodys,
     a_machines_fault_counts_against_no_frame_while_another_slave_can_try,
     a_frame_that_fails_for_five_people_is_given_up_whatever_they_say,
     the_jobs_fault_counts_once_for_all_slaves_of_a_person,
     the_jobs_fault_counts_once_for_slaves_of_a_person_that_come_and_go,
     whose_slaves_a_frame_failed_on_is_known_after_a_start, one_persons_slaves_give_up_no_frame_however_many_they_are,
     the_owners_own_slaves_are_believed, a_machine_that_fails_frames_of_several_users_is_offered_nothing_for_a_while,
     downloads_that_fail_make_no_slave_rest, one_users_scene_stops_no_slave_however_often_it_fails}};

}  // namespace
