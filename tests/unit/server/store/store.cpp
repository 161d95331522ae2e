// The database class and the typed functions of server/store against a private MariaDB.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "server/database/migrate.h"
#include "server/store/administration.h"
#include "server/store/journal.h"
#include "tests/support/database_fixture.h"
#include "tests/support/private_database.h"

using namespace distren;

namespace {

store::OutcomeEntry accepted(std::int64_t attempt, std::int64_t task, std::int64_t slave) {
  store::OutcomeEntry entry;
  entry.attempt = attempt;
  entry.task = task;
  entry.slave = slave;
  entry.cpu_ms = 1000;
  entry.wall_ms = 600;
  entry.memory_mib = 250;
  entry.may_win = true;
  entry.output = fmt::format("{:04}.png", task);
  entry.output_size = 4321;
  entry.output_sha256 = hex_digest('c');
  return entry;
}

store::OutcomeEntry failed(std::int64_t attempt, std::int64_t task, std::int64_t slave, std::string reason, bool last) {
  store::OutcomeEntry entry;
  entry.attempt = attempt;
  entry.task = task;
  entry.slave = slave;
  entry.outcome = store::Outcome::failed;
  entry.reason = std::move(reason);
  entry.counts = true;
  entry.task_failed = last;
  return entry;
}

using Verdict = store::JournalReply::Verdict;

}  // namespace

START_TEST(statements_are_split_at_semicolons_outside_quotes_and_comments) {
  auto const statements = split_statements("-- no; comment\nA 'x;''y\\';' ;\n/* b; */ B \"q;\" `r;`;;\n# c;\nD--1");
  ck_assert_uint_eq(statements.size(), 3);
  ck_assert_text(statements[0], "A 'x;''y\\';'");
  ck_assert_text(statements[1], "B \"q;\" `r;`");
  ck_assert_text(statements[2], "D--1");
  ck_assert_uint_eq(split_statements(" ;; -- nothing").size(), 0);
  ck_assert_uint_eq(split_statements("A 'never closed; \\").size(), 1);
}
END_TEST

START_TEST(the_server_accepts_the_schema_that_was_just_made) {
  Database database(*the_database);
  ck_assert_good(check_schema(database, sql_folder()));
  TemporaryFolder other;
  std::filesystem::copy(sql_folder(), other.path / "sql", std::filesystem::copy_options::recursive);
  std::filesystem::remove(other.path / "sql/procedures/job/job_show.sql");
  ck_assert_refused(check_schema(database, other.path / "sql"), Errc::conflict, "run distren-migrate");
}
END_TEST

START_TEST(a_refusal_of_a_procedure_is_an_error_of_the_same_number) {
  Database database(*the_database);
  auto const user = make_person(database, "refused");
  ck_assert_refused(store::show_job(database, 987654), Errc::not_found, "there is no job 987654");
  ck_assert_refused(store::create_user(database, "Refused", "", "x"), Errc::conflict, "is taken");
  ck_assert_refused(store::create_user(database, "no name", "", "x"), Errc::invalid, "\"no name\"");
  ck_assert_good(store::create_user(database, "plain", "", "x"));
  auto const plain = store::find_credentials(database, "plain");
  ck_assert_good(plain);
  ck_assert_refused(store::create_token(database, plain->user.id, "x", "grid:admin", std::string(32, 'a')),
                    Errc::denied, "only moderators and administrators");
  ck_assert_refused(database.call("no_such_procedure", {}), Errc::unavailable, "run distren-migrate");
  ck_assert_refused(database.call("session_create",
                                  {user, std::string_view("x"), nullptr, std::string_view(""), std::string_view("")}),
                    Errc::invalid, "32-byte");
  ck_assert_refused(store::record_hello(database, 1, {"", "", 1, 1, {}, {}, std::string(100, 'x')}), Errc::invalid,
                    "too long");
}
END_TEST

START_TEST(text_and_bytes_of_every_kind_survive_the_way) {
  Database database(*the_database);
  auto const user = make_person(database, "bytes");
  std::string const texts[] = {"",
                               "it's",
                               R"(back\slash \' \" \0)",
                               "'; DROP TABLE user; -- ",
                               "tab\tnew\nline\r",
                               "ünïcode \xF0\x9F\x8E\xAC",
                               std::string("nul\0inside", 10),
                               "%_",
                               "\x1A"};
  for (std::string const& text : texts) {
    ck_assert_good(store::change_setting(database, "probe", text));
    auto const found = store::list_settings(database);
    ck_assert_good(found);
    ck_assert_text(found->at("probe"), text);
  }
  ck_assert_refused(store::change_setting(database, "probe", "\xFF\xFE not text"), Errc::invalid, "");
  std::string every;
  for (int i = 0; i < 256; i++) every += static_cast<char>(i);
  for (std::size_t from = 0; from < 256; from += 32) {
    std::string const hash = every.substr(from, 32);
    ck_assert_good(store::create_session(database, user, hash, 60, "127.0.0.1", ""));
    auto const found = store::find_session(database, hash);
    ck_assert_good(found);
    ck_assert_int_eq(found->id, user);
    ck_assert_good(store::create_slave(database, user, "bytes", fmt::format("key-bytes-{}", from), hash));
    auto const slave = store::find_slave(database, fmt::format("key-bytes-{}", from));
    ck_assert_good(slave);
    ck_assert_text(slave->password_hash, hash);
  }
}
END_TEST

START_TEST(people_sessions_and_tokens_are_kept) {
  Database database(*the_database);
  auto const first = store::find_credentials(database, "admin");
  ck_assert_good(first);
  ck_assert(first->user.role == store::Role::administrator);
  auto const user = store::create_user(database, "carol", "carol@example.org", "scrypt$...");
  ck_assert_good(user);
  ck_assert(user->role == store::Role::user);
  for (int i = 0; i < 4; i++) ck_assert_int_eq(*store::record_login(database, user->id, false), 0);
  ck_assert_int_eq(*store::record_login(database, user->id, false), 1000);
  auto const locked = store::find_credentials(database, "carol");
  ck_assert_good(locked);
  ck_assert_text(locked->password_hash, "scrypt$...");
  ck_assert_int_eq(*store::record_login(database, user->id, true), 0);
  ck_assert_int_eq(store::find_credentials(database, "carol")->locked_for_ms, 0);

  std::string const hash(32, '\xEE');
  ck_assert_good(store::create_session(database, user->id, hash, 60, "::1", ""));
  ck_assert_text(store::find_session(database, hash)->name, "carol");
  ck_assert_good(store::delete_session(database, hash));
  ck_assert_refused(store::find_session(database, hash), Errc::not_found, "log in again");

  auto const token = store::create_token(database, user->id, "script", "jobs:read jobs:write", hash);
  ck_assert_good(token);
  ck_assert_text(store::find_token(database, hash)->scopes, "jobs:read jobs:write");
  auto const tokens = store::list_tokens(database, user->id);
  ck_assert_good(tokens);
  ck_assert_uint_eq(tokens->size(), 1);
  ck_assert_text(tokens->front().name, "script");
  ck_assert(!tokens->front().created_at.empty() && !tokens->front().last_used_at.empty());
  ck_assert_good(store::delete_token(database, user->id, *token));
  ck_assert_refused(store::delete_token(database, user->id, *token), Errc::not_found, "no token");
}
END_TEST

START_TEST(slaves_are_kept_with_what_they_can_render) {
  Database database(*the_database);
  auto const user = make_person(database, "owner");
  auto const slave = store::create_slave(database, user, "attic", "attic-key", std::string(32, 'h'));
  ck_assert_good(slave);
  auto const silent = store::show_slave(database, *slave);
  ck_assert_good(silent);
  ck_assert(silent->methods.empty() && silent->last_seen_at.empty());
  ck_assert_good(
      store::record_hello(database, *slave, {"Debian 12", "cpu", 8, 16000, {{"blender", "3.4.1"}}, {}, "10.0.0.1"}));
  auto const shown = store::show_slave(database, *slave);
  ck_assert_good(shown);
  ck_assert_uint_eq(shown->methods.size(), 1);
  ck_assert_text(shown->methods[0].method.name + shown->methods[0].method.version, "blender3.4.1");
  ck_assert_int_eq(shown->cores, 8);
  ck_assert_text(shown->user_name, "owner");
  ck_assert(!shown->last_seen_at.empty());
  ck_assert_good(store::rename_slave(database, *slave, "cellar"));
  ck_assert_good(store::change_slave_password(database, *slave, std::string(32, 'i')));
  ck_assert_good(store::change_slave_state(database, *slave, store::SlaveState::disabled));
  auto const listed = store::list_slaves(database, user, 0, 10);
  ck_assert_good(listed);
  ck_assert_uint_eq(listed->size(), 1);
  ck_assert_text(listed->front().name, "cellar");
  ck_assert(listed->front().state == store::SlaveState::disabled);
  ck_assert_good(store::change_slave_state(database, *slave, store::SlaveState::revoked));
  ck_assert_uint_eq(store::list_slaves(database, user, 0, 10)->size(), 0);
}
END_TEST

START_TEST(a_job_lives_from_its_creation_to_its_end) {
  Database database(*the_database);
  auto const user = make_person(database, "director");
  auto const project = store::create_project(database, user, "film");
  ck_assert_good(project);
  auto spec = new_job(3);
  spec.paused = true;
  auto const id = create_job(database, user, spec, *project);
  ck_assert_good(id);
  ck_assert_good(store::resume_job(database, *id));
  ck_assert_good(store::change_job(database, *id, "better name", std::nullopt));
  ck_assert_good(store::change_job(database, *id, std::nullopt, 77));
  auto const job = store::show_job(database, *id);
  ck_assert_good(job);
  ck_assert_text(job->name, "better name");
  ck_assert_int_eq(job->priority, 77);
  ck_assert_int_eq(job->tasks, 3);
  ck_assert_text(job->parameters, R"({"samples":64})");
  ck_assert(job->state == store::JobState::active && job->finished_at.empty());
  ck_assert_int_eq(store::list_projects(database, user)->front().jobs, 1);
  ck_assert_text(store::list_job_files(database, *id)->front().sha256, hex_digest('a'));
  ck_assert_uint_eq(store::list_jobs(database, user, "active", 0, 10)->size(), 1);

  auto const loaded = store::load_jobs(database, *id);
  ck_assert_good(loaded);
  ck_assert_uint_eq(loaded->size(), 1);
  ck_assert_text(loaded->front().files.front().path, "scene.blend");
  ck_assert_int_eq(loaded->front().tasks, 3);

  auto const first = job->first_task;
  store::JournalBatch batch;
  batch.leases = {{1000, first, 1, 1900000000123}, {1001, first + 1, 1, 1900000000456}};
  batch.outcomes = {accepted(1000, first, 1), failed(1001, first + 1, 1, "out of \"memory\" \xFF", true),
                    accepted(1, 1, 1)};
  batch.outcomes[2].task = 999999999;
  auto const answer = store::write_journal(database, batch);
  ck_assert_good(answer);
  ck_assert(answer->verdicts == (std::vector{Verdict::accepted, Verdict::recorded, Verdict::unknown}));
  ck_assert(answer->finished_jobs.empty());
  auto const again = store::write_journal(database, batch);
  ck_assert_good(again);
  ck_assert(again->verdicts == answer->verdicts);
  auto const last = store::write_journal(database, {{}, {accepted(1002, first, 2), accepted(1003, first + 2, 2)}});
  ck_assert_good(last);
  ck_assert(last->verdicts == (std::vector{Verdict::superseded, Verdict::accepted}));
  ck_assert(last->finished_jobs.empty());  // it ended, but not well

  auto const tasks = store::list_tasks(database, *id, 0, 10);
  ck_assert_good(tasks);
  ck_assert_text((*tasks)[0].output_sha256, hex_digest('c'));
  ck_assert_int_eq((*tasks)[0].cpu_ms, 1000);
  ck_assert_text((*tasks)[1].state, "failed");
  ck_assert_says((*tasks)[1].reason, "out of \"memory\"");
  ck_assert(store::show_job(database, *id)->state == store::JobState::failed);
  auto const requeued = store::requeue_job(database, *id);
  ck_assert_good(requeued);
  ck_assert_int_eq(*requeued, 1);
  ck_assert_good(store::pause_job(database, *id, "a while", "owner"));
  ck_assert_good(store::cancel_job(database, *id, "enough"));
  ck_assert_good(store::delete_job(database, *id));
  ck_assert_refused(store::show_job(database, *id), Errc::not_found, "no job");
  ck_assert_good(store::show_totals(database));
}
END_TEST

START_TEST(what_the_dispatcher_needs_is_loaded) {
  Database database(*the_database);
  auto const user = make_person(database, "loader");
  auto const id = create_job(database, user, new_job(20));
  ck_assert_good(id);
  auto const slave = store::create_slave(database, user, "pc", "keyofloader", std::string(32, 'p'));
  ck_assert_good(slave);
  auto const first = store::show_job(database, *id)->first_task;
  auto const attempts = store::reserve_attempts(database, 10);
  ck_assert_good(attempts);
  ck_assert_int_eq(*store::reserve_attempts(database, 1), *attempts + 10);
  store::JournalBatch batch;
  batch.leases = {{*attempts, first, 5, 1900000000123}};
  batch.outcomes = {failed(*attempts + 1, first + 1, *slave, "no camera in frame 1", false),
                    failed(*attempts + 2, first + 2, *slave, "no camera in frame 2", false)};
  ck_assert(store::write_journal(database, batch)->paused_jobs.empty());
  auto const paused =
      store::write_journal(database, {{}, {failed(*attempts + 3, first + 3, *slave, "no camera in frame 3", false)}});
  ck_assert_good(paused);
  ck_assert_uint_eq(paused->paused_jobs.size(), 1);
  ck_assert_int_eq(paused->paused_jobs[0].control.job, *id);
  ck_assert_says(paused->paused_jobs[0].reason, "3 of 20 frames failed alike: no camera in frame 3");
  ck_assert_text(store::load_jobs(database, *id)->front().state, "paused");
  ck_assert_uint_eq(store::load_tasks(database, *id)->size(), 20);
  ck_assert_int_eq((*store::load_tasks(database, *id))[1].failures, 1);
  ck_assert_uint_eq(store::load_failures(database, *id)->size(), 3);
  bool held = false;
  auto const leases = store::load_leases(database);
  ck_assert_good(leases);
  for (auto const& lease : *leases) held |= lease.attempt == *attempts && lease.expires_ms == 1900000000123;
  ck_assert(held);
}
END_TEST

START_TEST(uploads_are_known_by_who_made_them) {
  Database database(*the_database);
  auto const user = make_person(database, "uploader");
  std::vector<std::string> const asked{hex_digest('a'), hex_digest('d')};
  auto const missing = store::missing_blobs(database, user, asked);
  ck_assert_good(missing);
  ck_assert(*missing == std::vector{hex_digest('d')});
  ck_assert_good(store::record_blob(database, user, hex_digest('d'), 7));
  ck_assert(store::missing_blobs(database, user, asked)->empty());
  ck_assert(store::delete_unused_blobs(database, 3600, 10)->empty());
  auto const taken = store::delete_unused_blobs(database, 0, 10);
  ck_assert_good(taken);
  ck_assert(std::ranges::find(*taken, hex_digest('d')) != taken->end());
  ck_assert(*store::missing_blobs(database, user, {hex_digest('d')}) == std::vector{hex_digest('d')});
}
END_TEST

START_TEST(batches_that_cross_each_other_all_arrive) {
  Database database(*the_database);
  auto const user = make_person(database, "crowd");
  constexpr int jobs = 8;
  std::vector<std::int64_t> firsts;
  for (int i = 0; i < jobs; i++) {
    auto const id = create_job(database, user, new_job(50));
    ck_assert_good(id);
    firsts.push_back(store::show_job(database, *id)->first_task);
  }
  // Every thread writes one frame of every job in a batch, half of them in the opposite order: deadlocks are likely.
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      DatabaseThread const connector;
      Database own(*the_database);
      for (int frame = t; frame < 50; frame += 4) {
        store::JournalBatch batch;
        for (int i = 0; i < jobs; i++) {
          auto const first = firsts[static_cast<std::size_t>(t % 2 == 0 ? i : jobs - 1 - i)];
          batch.outcomes.push_back(accepted(100000 + first + frame, first + frame, t + 1));
        }
        if (auto const answer = store::write_journal(own, batch)) {
          for (Verdict const verdict : answer->verdicts) good += verdict == Verdict::accepted ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ck_assert_int_eq(good, jobs * 50);
  auto const finished = store::list_jobs(database, user, "", 0, 100);
  ck_assert_good(finished);
  for (auto const& job : *finished) {
    ck_assert_int_eq(job.accepted, 50);
    ck_assert(job.state == store::JobState::finished);
  }
}
END_TEST

START_TEST(a_lost_connection_is_made_again_without_a_word) {
  Database database(*the_database);
  std::int64_t id = 0;
  ck_assert_good(database.execute("SELECT CONNECTION_ID()", [&](SqlRow const& row) { id = row.integer(0); }));
  Database other(*the_database);
  ck_assert_good(other.execute(fmt::format("KILL {}", id)));
  ck_assert_good(database.call("schema_show", {}));
  std::int64_t now = 0;
  ck_assert_good(database.execute("SELECT CONNECTION_ID()", [&](SqlRow const& row) { now = row.integer(0); }));
  ck_assert_int_ne(now, id);
}
END_TEST

START_TEST(a_database_that_is_not_there_is_unavailable) {
  DatabaseAddress address = *the_database;
  address.socket = "/nowhere/nothing";
  Database database(address);
  ck_assert_refused(database.ping(), Errc::unavailable, "does not answer");
  address = *the_database;
  address.password = "wrong";
  Database stranger(address);
  ck_assert_refused(stranger.ping(), Errc::unavailable, "refuses this server");
  ck_assert(stranger.ping().error().message.find("wrong") == std::string::npos);
}
END_TEST

START_TEST(a_million_open_tasks_are_loaded) {
  Database database(*the_database);
  auto const user = make_person(database, "million");
  auto const before = store::load_tasks(database)->size();
  for (int i = 0; i < 10; i++) ck_assert_good(create_job(database, user, new_job(100000)));
  auto const start = std::chrono::steady_clock::now();
  auto const tasks = store::load_tasks(database);
  auto const took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ck_assert_good(tasks);
  ck_assert_uint_eq(tasks->size() - before, 1000000);
  std::printf("# 1,000,000 open tasks loaded in %.2f s\n", took);
  std::fflush(stdout);
}
END_TEST

namespace {

TestGroup const text_tests{"text", {statements_are_split_at_semicolons_outside_quotes_and_comments}};
TestGroup const calls_tests{
    "calls",
    {the_server_accepts_the_schema_that_was_just_made, a_refusal_of_a_procedure_is_an_error_of_the_same_number,
     text_and_bytes_of_every_kind_survive_the_way, people_sessions_and_tokens_are_kept,
     slaves_are_kept_with_what_they_can_render, a_job_lives_from_its_creation_to_its_end,
     what_the_dispatcher_needs_is_loaded, uploads_are_known_by_who_made_them, batches_that_cross_each_other_all_arrive,
     a_lost_connection_is_made_again_without_a_word, a_database_that_is_not_there_is_unavailable,
     a_million_open_tasks_are_loaded},
    with_database};

}  // namespace
