// The typed functions of server/store/points.h, and the journal's part in them, against a private MariaDB. What the
// procedures refuse is tried in tests/sql; here it is that every value arrives where it belongs.
#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <vector>

#include "server/economy/points.h"
#include "server/store/journal.h"
#include "server/store/points.h"
#include "tests/support/database_fixture.h"
#include "tests/support/private_database.h"

using namespace distren;

namespace {

constexpr std::int64_t admin = 1;

// An owner with a job, and a renderer with a slave that has said hello.
struct Grid {
  Grid(Database& database, std::string const& name, int frames) : renderer_name(name + "-renderer") {
    owner = make_person(database, name + "-owner");
    renderer = make_person(database, renderer_name);
    auto const made = store::create_slave(database, renderer, "PC", name + "-key", std::string(32, 'p'));
    ck_assert_good(made);
    slave = *made;
    ck_assert_good(store::record_hello(database, slave, {"Linux", "cpu", 4, 8000, {{"blender", "3.4.1"}}, {}, "::1"}));
    auto const created = create_job(database, owner, new_job(frames));
    ck_assert_good(created);
    job = *created;
    first_task = store::show_job(database, job)->first_task;
    first_attempt = *store::reserve_attempts(database, frames);
    ck_assert_good(store::adjust_points(database, admin, "", name + "-owner", 50000, "a start", name));
  }
  [[nodiscard]] store::OutcomeEntry result(int frame, std::int64_t claim, std::int64_t fair) const {
    store::OutcomeEntry entry;
    entry.attempt = first_attempt + frame;
    entry.task = first_task + frame;
    entry.slave = slave;
    entry.cpu_ms = 60000;
    entry.wall_ms = 20000;
    entry.may_win = true;
    entry.output = fmt::format("{:04}.png", frame);
    entry.output_size = 10;
    entry.output_sha256 = hex_digest('c');
    entry.claim = claim;
    entry.fair_value = fair;
    entry.grant = fair > 0 ? economy::grant(claim, fair) : 0;
    entry.grant_limit = claim * 2;
    return entry;
  }
  std::string renderer_name;
  std::int64_t owner = 0;
  std::int64_t renderer = 0;
  std::int64_t slave = 0;
  std::int64_t job = 0;
  std::int64_t first_task = 0;
  std::int64_t first_attempt = 0;
};

void expect_a_sound_ledger(Database& database) {
  auto const invariants = store::check_ledger(database);
  ck_assert_good(invariants);
  ck_assert_uint_ge(invariants->size(), 16);
  for (auto const& invariant : *invariants) {
    ck_assert_msg(invariant.holds, "%s: %s", invariant.name.c_str(), invariant.detail.c_str());
  }
}

}  // namespace

START_TEST(results_are_paid_and_the_answer_says_how_much) {
  Database database(*the_database);
  Grid const grid(database, "paid", 4);
  store::OutcomeEntry without = grid.result(2, 0, 0);
  store::JournalBatch const batch{{}, {grid.result(0, 1000, 900), grid.result(1, 1200, 1000), without}};
  auto const answer = store::write_journal(database, batch);
  ck_assert_good(answer);
  ck_assert(answer->points == (std::vector<std::optional<std::int64_t>>{1000, 1150, std::nullopt}));
  auto const again = store::write_journal(database, batch);
  ck_assert_good(again);
  ck_assert(again->points == answer->points);
  auto const balance = store::show_balance(database, grid.renderer);
  ck_assert_good(balance);
  ck_assert_int_eq(balance->available, 2150);
  ck_assert_int_eq(balance->pending, 0);
  ck_assert_int_eq(balance->total, 2150);
  expect_a_sound_ledger(database);
}
END_TEST

START_TEST(the_formulas_of_the_dispatcher_stay_within_what_the_database_allows) {
  Database database(*the_database);
  Grid const grid(database, "formulas", 400);
  store::JournalBatch batch;
  for (int frame = 0; frame < 400; frame++) {
    economy::Claim const run{.power = 700 + frame * 13,
                             .benchmark = 900 + frame * 11,
                             .cores = 1 + frame % 7,
                             .cpu_ms = 100 + frame * frame * 37,
                             .wall_ms = 90 + frame * frame * 11};
    store::OutcomeEntry entry = grid.result(frame, economy::claim(run), 1 + frame * 97);
    entry.grant_limit =
        run.benchmark * run.wall_ms * run.cores / (economy::unit_power * economy::ms_per_millipoint * 4 / 5);
    batch.outcomes.push_back(entry);
  }
  auto const answer = store::write_journal(database, batch);
  ck_assert_good(answer);
  for (std::size_t i = 0; i < batch.outcomes.size(); i++) {
    if (batch.outcomes[i].claim == 0) continue;
    ck_assert(answer->points[i].has_value());
    ck_assert_int_eq(*answer->points[i], batch.outcomes[i].grant);
  }
  expect_a_sound_ledger(database);
}
END_TEST

START_TEST(held_grants_are_loaded_and_settled) {
  Database database(*the_database);
  Grid const grid(database, "held", 4);
  auto const answer =
      store::write_journal(database, {{}, {grid.result(0, 1000, 0), grid.result(1, 900, 0), grid.result(2, 800, 0)}});
  ck_assert_good(answer);
  ck_assert(answer->points == std::vector<std::optional<std::int64_t>>(3));
  auto const held = store::load_held_grants(database, grid.job);
  ck_assert_good(held);
  ck_assert_uint_eq(held->size(), 3);
  ck_assert_int_eq((*held)[0].attempt, grid.first_attempt);
  ck_assert_int_eq((*held)[0].task, grid.first_task);
  ck_assert_int_eq((*held)[0].user, grid.renderer);
  ck_assert_int_eq((*held)[0].frame, 1);
  ck_assert_int_eq((*held)[0].claim, 1000);
  auto const claims = store::load_claims(database, grid.job);
  ck_assert_good(claims);
  ck_assert_uint_eq(claims->size(), 3);
  ck_assert_int_eq((*claims)[2].frame, 3);
  ck_assert_int_eq((*claims)[2].user, grid.renderer);
  ck_assert_int_eq((*claims)[2].claim, 800);
  ck_assert_int_eq(store::show_balance(database, grid.renderer)->held_claims, 2700);

  auto const settled = store::settle_grants(
      database, {{grid.first_attempt, grid.first_task, 990, 950}, {987654321, grid.first_task, 1, 1}});
  ck_assert_good(settled);
  ck_assert(*settled == (std::vector<std::optional<std::int64_t>>{990, std::nullopt}));
  ck_assert_int_eq(*store::settle_overdue_grants(database, 24, 100), 0);
  ck_assert_good(store::cancel_job(database, grid.job, "enough"));
  ck_assert_int_eq(store::show_balance(database, grid.renderer)->available, 990 + 800 + 800);
  ck_assert(store::load_held_grants(database, grid.job)->empty());
  ck_assert_refused(store::settle_overdue_grants(database, 24, 0), Errc::invalid, "cannot settle 0");
  expect_a_sound_ledger(database);
}
END_TEST

START_TEST(audits_vest_and_void) {
  Database database(*the_database);
  Grid const grid(database, "audits", 4);
  ck_assert_good(store::change_setting(database, "vest", "audited"));
  auto const written = store::write_journal(
      database, {{}, {grid.result(0, 1000, 1000), grid.result(1, 900, 1000), grid.result(2, 800, 0)}});
  ck_assert_good(written);
  ck_assert_int_eq(store::show_balance(database, grid.renderer)->pending, 1900);
  auto const vested = store::vest_grants(
      database, {{grid.first_attempt, grid.first_task}, {grid.first_attempt + 2, grid.first_task + 2}, {987654321, 1}});
  ck_assert_good(vested);
  ck_assert(vested->at(0).kind == store::AuditOutcome::Kind::vested && vested->at(0).points == 1000);
  ck_assert(vested->at(1).kind == store::AuditOutcome::Kind::vested && !vested->at(1).points);
  ck_assert(vested->at(2).kind == store::AuditOutcome::Kind::unknown);
  auto const voided = store::void_grants(
      database, {{grid.first_attempt, grid.first_task}, {grid.first_attempt + 1, grid.first_task + 1}});
  ck_assert_good(voided);
  ck_assert(voided->at(0).kind == store::AuditOutcome::Kind::vested);
  ck_assert(voided->at(1).kind == store::AuditOutcome::Kind::voided && voided->at(1).points == 900);
  auto const balance = store::show_balance(database, grid.renderer);
  ck_assert_int_eq(balance->available, 1000);
  ck_assert_int_eq(balance->pending, 0);
  ck_assert_good(store::change_setting(database, "vest", "at_once"));
  expect_a_sound_ledger(database);
}
END_TEST

START_TEST(points_are_spent_given_and_told) {
  Database database(*the_database);
  Grid const grid(database, "spender", 3);
  auto const boosted = store::boost_job(database, grid.owner, grid.job, 3000, "one");
  ck_assert_good(boosted);
  ck_assert_int_eq(*store::boost_job(database, grid.owner, grid.job, 3000, "one"), *boosted);
  ck_assert_refused(store::boost_job(database, grid.owner, grid.job, 3001, "one"), Errc::conflict, "take a new key");
  ck_assert_refused(store::boost_job(database, grid.renderer, grid.job, 1, "one"), Errc::denied, "not yours");
  auto const escrows = store::load_escrows(database, grid.job);
  ck_assert_good(escrows);
  ck_assert_uint_eq(escrows->size(), 1);
  ck_assert_int_eq(escrows->front().points, 3000);
  ck_assert_int_eq(store::show_balance(database, grid.owner)->escrow, 3000);

  auto entry = grid.result(0, 1000, 1000);
  entry.boost = 1500;
  ck_assert_good(store::write_journal(database, {{}, {entry}}));
  auto const given = store::give_points(database, grid.owner, grid.renderer_name, 70, "two");
  ck_assert_good(given);
  ck_assert_refused(store::give_points(database, grid.owner, "nobody-here", 70, "three"), Errc::not_found, "no user");
  ck_assert_refused(store::adjust_points(database, grid.owner, "", grid.renderer_name, 1, "x", "y"), Errc::denied,
                    "only an administrator");

  auto const lines = store::list_statement(database, grid.renderer, 0, 10);
  ck_assert_good(lines);
  ck_assert_uint_eq(lines->size(), 4);
  ck_assert_int_eq((*lines)[0].transaction, *given);
  ck_assert_text((*lines)[0].kind, "give");
  ck_assert_text((*lines)[0].other, "spender-owner");
  ck_assert_int_eq((*lines)[0].available, 70);
  ck_assert(!(*lines)[0].frame && (*lines)[0].job == 0);
  ck_assert_text((*lines)[1].kind, "vest");
  ck_assert_int_eq((*lines)[1].pending, -2500);
  ck_assert_int_eq((*lines)[1].total_change, 1000);
  ck_assert_text((*lines)[3].kind, "earn");
  ck_assert_int_eq((*lines)[3].job, grid.job);
  ck_assert_text((*lines)[3].job_name, "a job");
  ck_assert_int_eq(*(*lines)[3].frame, 1);
  ck_assert_int_eq((*lines)[3].slave, grid.slave);
  ck_assert_text((*lines)[3].slave_name, "PC");
  auto const rest = store::list_statement(database, grid.renderer, (*lines)[2].transaction, 10);
  ck_assert_good(rest);
  ck_assert_uint_eq(rest->size(), 1);
  auto const first = store::list_statement(database, grid.owner, 0, 10);
  ck_assert_good(first);
  ck_assert_text(first->back().reason, "a start");

  auto const ranking = store::list_ranking(database, 0, 1000);
  ck_assert_good(ranking);
  ck_assert_int_eq(ranking->front().place, 1);
  auto const after = store::list_ranking(database, ranking->front().user, 1000);
  ck_assert_good(after);
  ck_assert_uint_eq(after->size() + 1, ranking->size());
  auto const totals = store::load_total_points(database, grid.renderer);
  ck_assert_good(totals);
  ck_assert_int_eq(totals->front().total, 1000);
  expect_a_sound_ledger(database);
}
END_TEST

START_TEST(powers_are_recorded_and_corrected) {
  Database database(*the_database);
  Grid const grid(database, "power", 1);
  ck_assert_int_eq(store::list_powers(database, grid.slave)->front().benchmark, 0);
  ck_assert_good(store::record_power(database, grid.slave, {"blender", "3.4.1"}, 1500));
  ck_assert_good(store::correct_powers(database, {{grid.slave, "blender", "3.4.1", 0, 1700, 0}}));
  auto const powers = store::list_powers(database, grid.slave);
  ck_assert_good(powers);
  ck_assert_uint_eq(powers->size(), 1);
  ck_assert_text(powers->front().method, "blender");
  ck_assert_text(powers->front().version, "3.4.1");
  ck_assert_int_eq(powers->front().benchmark, 1500);
  ck_assert_int_eq(powers->front().power, 1700);
  ck_assert_refused(store::record_power(database, grid.slave, {"blender", "9"}, 1500), Errc::not_found, "blender 9");
  ck_assert_refused(store::record_power(database, grid.slave, {"blender", "3.4.1"}, 0), Errc::invalid, "cannot be");
}
END_TEST

namespace {

TestGroup const calls_tests{
    "calls",
    {results_are_paid_and_the_answer_says_how_much, the_formulas_of_the_dispatcher_stay_within_what_the_database_allows,
     held_grants_are_loaded_and_settled, audits_vest_and_void, points_are_spent_given_and_told,
     powers_are_recorded_and_corrected},
    with_database};

}  // namespace
