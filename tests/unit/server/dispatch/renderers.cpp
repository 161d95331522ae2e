// One job, one build: what is chosen, what keeps it so over restarts, copies and changes, and what is said when nobody
// has it.
#include "server/dispatch/renderer_choice.h"

#include "tests/support/dispatch_grid.h"
#include "tests/support/measured_grid.h"

namespace {

using namespace distren;

std::string const build_a(64, 'a');
std::string const build_b(64, 'b');

RendererNeed file_of(std::string saved, std::string min_version = "2.80") {
  return {.method = "blender", .min_version = std::move(min_version), .renderer = {.saved = std::move(saved)}};
}

std::string chosen(RendererNeed const& need, std::vector<RendererOffer> const& offers) {
  auto const* const found = choose_renderer(need, offers);
  return found == nullptr ? "none" : found->version + (found->build.empty() ? "" : " " + found->build.substr(0, 1));
}

// A slave with these renderers, of blender.
std::shared_ptr<FakeSlave> add(Grid& grid, std::int64_t id, std::vector<store::Method> methods, int slots = 1) {
  auto slave = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, id, "instance" + std::to_string(id), slave, grid.now).has_value());
  SlaveCapabilities said = Grid::state(id, slots);
  said.methods = std::move(methods);
  slave_announced(grid.core, said, grid.now);
  return slave;
}

protocol::RendererBuild archive(std::string build) {
  return {.method = "blender",
          .version = "4.3.2",
          .build = std::move(build),
          .size_bytes = 100,
          .unpacked_bytes = 300,
          .platform = "linux-x86_64"};
}

std::string version_of(json const& order) {
  return order["renderer"]["version"].get<std::string>();
}

START_TEST(the_version_that_saved_the_file_is_chosen_else_the_next_with_long_term_support) {
  std::vector<RendererOffer> const grid{{"3.4.1"}, {"4.3.1"}, {"4.3.2"}, {"4.4.0"}, {"5.2.2"}, {"5.3.0"}};
  ck_assert_text(chosen(file_of("4.3"), grid), "4.3.2");
  ck_assert_text(chosen(file_of("3.4"), grid), "3.4.1");
  ck_assert_text(chosen(file_of("3.6"), grid), "5.2.2");  // 4.3.1 is nearer, and gets no mends any more
  ck_assert_text(chosen(file_of("5.3", "5.0"), grid), "5.3.0");
  ck_assert_text(chosen(file_of("6.0"), grid), "none");
  ck_assert_text(chosen(file_of("3.6"), {{"4.0.2"}, {"4.1.1"}}), "4.0.2");
  ck_assert_text(chosen(file_of("2.79"), {{"2.93.18"}, {"3.3.21"}, {"3.4.1"}}), "2.93.18");
  ck_assert_text(chosen(file_of("4.10"), {{"4.1.1"}, {"4.10.3"}}), "4.10.3");
  ck_assert_text(chosen(file_of("4.3", "4.4"), {{"4.3.2"}, {"4.5.0"}}), "4.5.0");  // the file needs more than it says
  ck_assert_text(chosen(file_of("4.3"), {}), "none");
}
END_TEST

START_TEST(a_delivered_build_comes_before_an_installed_one_and_the_newer_of_two_archives_counts) {
  std::vector<RendererOffer> const grid{{"4.3.2"}, {"4.3.2", build_a, true, 1}, {"4.3.2", build_b, true, 2}};
  ck_assert_text(chosen(file_of("4.3"), grid), "4.3.2 b");
  ck_assert_text(chosen(file_of("4.3"), {{"4.3.9", {}, false}, {"4.3.2"}}), "4.3.2");  // that one's PC is away
  ck_assert_text(chosen(file_of("4.3"), {{"4.3.9", {}, false}}), "4.3.9");
}
END_TEST

START_TEST(the_owners_choice_counts_by_whole_numbers_and_never_below_what_the_file_needs) {
  auto need = file_of("3.4");
  std::vector<RendererOffer> const grid{{"3.4.1"}, {"4.3.2"}, {"4.30.1"}};
  need.renderer.wanted = "4.3";
  ck_assert_text(chosen(need, grid), "4.3.2");
  need.renderer.wanted = "4";
  ck_assert_text(chosen(need, grid), "4.30.1");
  need.renderer.wanted = "4.3.3";
  ck_assert_text(chosen(need, grid), "none");
  need.renderer.wanted = "3.4";
  need.min_version = "4.0";
  ck_assert_text(chosen(need, grid), "none");
}
END_TEST

START_TEST(the_first_order_of_a_job_is_given_out_when_its_renderer_is_written_down) {
  Grid grid;
  grid.renderer = store::JobRenderer{};
  grid.add_job(1, 4);
  auto const old = add(grid, 7, {{"blender", "3.4.1"}});
  auto const young = add(grid, 8, {{"blender", "4.3.2"}});
  ck_assert_uint_eq(old->of_type("order").size() + young->of_type("order").size(), 0);
  ck_assert_uint_eq(grid.journal.pins.size(), 1);  // of two in the same instant one alone
  ck_assert_text(explain_job(grid.core, 1).rule, "renderer_recorded");
  grid.pin_all();
  ck_assert_uint_eq(old->of_type("order").size(), 1);
  ck_assert_text(version_of(old->received.back()), "3.4.1");
  ck_assert_uint_eq(young->of_type("order").size(), 0);
  tick(grid.core, grid.now);
  ck_assert_uint_eq(young->of_type("order").size(), 0);
}
END_TEST

START_TEST(what_the_database_says_holds_when_another_was_first) {
  Grid grid;
  grid.renderer = store::JobRenderer{};
  grid.add_job(1, 4);
  auto const old = add(grid, 7, {{"blender", "3.4.1"}});
  grid.journal.pins.clear();
  renderer_pinned(grid.core, 1, store::JobRenderer{.version = "4.3.2"}, grid.now);  // before a kill, as its row says
  ck_assert_uint_eq(old->of_type("order").size(), 0);
  auto const young = add(grid, 8, {{"blender", "4.3.2"}});
  ck_assert_text(version_of(young->received.at(0)), "4.3.2");
}
END_TEST

START_TEST(a_renderer_that_could_not_be_written_down_is_tried_again) {
  Grid grid;
  grid.renderer = store::JobRenderer{};
  grid.add_job(1, 1);
  auto const slave = add(grid, 7, {{"blender", "3.4.1"}});
  grid.journal.pins.clear();
  renderer_pinned(grid.core, 1, std::nullopt, grid.now);
  ck_assert_uint_eq(grid.journal.pins.size(), 0);
  tick(grid.core, grid.now);
  ck_assert_uint_eq(grid.journal.pins.size(), 1);
  grid.pin_all();
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
}
END_TEST

START_TEST(two_versions_and_two_builds_never_mix_in_one_job) {
  Grid grid;
  grid.renderer = store::JobRenderer{.version = "4.3.2", .build = build_a};
  grid.add_job(1, 12);
  auto const newer = add(grid, 7, {{"blender", "5.2.2"}});
  auto const installed = add(grid, 8, {{"blender", "4.3.2"}});
  auto const other = add(grid, 9, {{"blender", "4.3.2", build_b}});
  auto const right = add(grid, 10, {{"blender", "5.2.2"}, {"blender", "4.3.2", build_a}});
  for (int i = 0; i < 3; ++i) {
    auto const order = right->of_type("order").back();
    if (i == 1)
      grid.fails(order, 10);  // a frame that failed may go to others, and nobody else has the build
    else
      grid.done(order, 10);
    grid.commit();
    tick(grid.core, grid.now += 60'000);
  }
  for (auto const& slave : {newer, installed, other}) ck_assert_uint_eq(slave->of_type("order").size(), 0);
  for (auto const& order : right->of_type("order")) ck_assert_text(version_of(order), "4.3.2");
}
END_TEST

START_TEST(a_slave_that_comes_back_with_a_frame_of_another_renderer_gives_it_up) {
  Grid before;
  before.add_job(1, 1);
  auto const order = before.add_slave(7)->received.at(0);
  Grid grid;  // after a restart; the owner has chosen another renderer meanwhile
  grid.renderer = store::JobRenderer{.version = "4.2"};
  grid.add_job(1, 1);
  auto const slave = grid.add_slave(7, 1, "3.4.1", {{order["attempt"], order["lease"]}});
  ck_assert_uint_eq(slave->of_type("cancel").size(), 1);
  auto const late = grid.report_for(order, 7, store::Outcome::accepted);
  ck_assert(begin_commit(grid.core, late, grid.now) == CommitDecision::not_needed);
}
END_TEST

START_TEST(a_job_goes_only_where_its_engine_works_or_nobody_knows) {
  Grid grid;
  grid.renderer = store::JobRenderer{.version = "4.3.2", .engine = "BLENDER_EEVEE"};
  grid.add_job(1, 4);
  auto const blind = add(grid, 7, {{.name = "blender", .version = "4.3.2", .engines = {"CYCLES"}}});
  ck_assert_uint_eq(blind->of_type("order").size(), 0);
  auto const said = explain_job(grid.core, 1);
  ck_assert_text(said.rule, "no_slave_has_engine");
  ck_assert_text(said.sentence, "none of the 1 slaves online can render with BLENDER_EEVEE in blender 4.3.2");
  auto const next = add(grid, 8, {{.name = "blender", .version = "4.3.2", .engines = {"BLENDER_EEVEE_NEXT"}}});
  auto const unknown = add(grid, 9, {{"blender", "4.3.2"}});
  ck_assert_uint_eq(next->of_type("order").size(), 1);
  ck_assert_uint_eq(unknown->of_type("order").size(), 1);
}
END_TEST

START_TEST(nobody_who_fits_is_said_with_what_there_is_and_without_a_time) {
  Grid grid;
  grid.renderer = store::JobRenderer{.version = "4.3.2", .build = build_a};
  grid.add_job(1, 4);
  auto const slave = add(grid, 7, {{"blender", "3.4.1"}, {"blender", "4.3.2", build_b}});
  set_renderers(grid.core, "key", {archive(build_a)});
  auto const said = explain_job(grid.core, 1);
  ck_assert_text(said.rule, "no_slave_fits");
  ck_assert_text(said.sentence,
                 "none of the 1 slaves online has or may fetch blender 4.3.2 (build aaaaaaaaaaaa); they have blender "
                 "3.4.1, blender 4.3.2 (build bbbbbbbbbbbb)");
  auto const status = job_statuses(grid.core, {1}, grid.now);
  ck_assert_text(status.at(0).waiting, said.sentence);
  ck_assert(!status.at(0).forecast);
  add(grid, 8, {{"blender", "4.3.2", build_a}});
  ck_assert(job_statuses(grid.core, {1}, grid.now).at(0).forecast.has_value());
}
END_TEST

START_TEST(a_build_that_was_removed_ends_in_a_sentence) {
  Grid grid;
  grid.renderer = store::JobRenderer{.version = "4.3.2", .build = build_a};
  grid.add_job(1, 4);
  auto const slave = add(grid, 7, {{"blender", "3.4.1"}});
  ck_assert_text(
      explain_job(grid.core, 1).sentence,
      "blender 4.3.2 (build aaaaaaaaaaaa) was removed from this grid and none of the 1 slaves online has it; "
      "they have blender 3.4.1: choose another version for it");
}
END_TEST

START_TEST(an_order_says_where_its_archive_comes_from_and_only_who_takes_them_hears_of_renderers) {
  Grid grid;
  set_renderers(grid.core, "key", {archive(build_a)});
  grid.renderer = store::JobRenderer{.version = "4.3.2", .build = build_a};
  grid.add_job(1, 4);
  auto const takes = std::make_shared<FakeSlave>();
  ck_assert(admit_slave(grid.core, 7, "instance7", takes, grid.now).has_value());
  grid.core.slaves.find(7)->takes_renderers = true;
  SlaveCapabilities said = Grid::state(7);
  said.methods = {{"blender", "4.3.2", build_a}};
  slave_announced(grid.core, said, grid.now);
  ck_assert_uint_eq(takes->of_type("renderers").size(), 1);
  ck_assert_text(takes->of_type("renderers")[0]["items"][0]["build"], build_a);
  auto const order = takes->of_type("order").at(0);
  ck_assert_text(order["renderer"]["build"], build_a);
  ck_assert_text(order["renderer"]["archive"]["url"], "/blob/" + build_a);
  auto const own = add(grid, 8, {{"blender", "3.4.1"}});
  set_renderers(grid.core, "key", {});
  ck_assert_uint_eq(takes->of_type("renderers").size(), 2);
  ck_assert_uint_eq(own->of_type("renderers").size(), 0);
  slave_announced(grid.core, said, grid.now);
  ck_assert_uint_eq(takes->of_type("renderers").size(), 2);  // not with each announce
}
END_TEST

START_TEST(a_power_belongs_to_a_slave_and_a_build) {
  Benchmarks benchmarks({"blender"});
  store::Method const installed{"blender", "4.3.2"}, delivered{"blender", "4.3.2", build_a},
      card{.name = "blender", .version = "4.3.2", .build = build_a, .device = "OPTIX"};
  benchmarks.load(
      {.slave = 7, .method = "blender", .version = "4.3.2", .benchmark = 1500, .power = 1600, .build = build_a},
      1'000'000);
  ck_assert_int_eq(benchmarks.of(7, delivered).power, 1600);
  ck_assert(benchmarks.ready(7, delivered) && !benchmarks.ready(7, installed) && !benchmarks.ready(7, card));
  benchmarks.correct(7, delivered, 1000, 900);
  auto const rows = benchmarks.take_corrected();
  ck_assert_uint_eq(rows.size(), 1);
  ck_assert_text(rows[0].build, build_a);
}
END_TEST

START_TEST(what_must_be_fetched_first_is_measured_when_a_job_asks_for_it) {
  MeasuredGrid grid;
  store::Method delivered{"blender", "4.3.2", build_a};
  delivered.fetched = false;
  auto const slave = add(grid, 7, {delivered});
  ck_assert_uint_eq(slave->of_type("order").size(), 0);  // nobody wants it yet
  grid.renderer = store::JobRenderer{.version = "4.3.2", .build = build_a};
  grid.add_job(1, 4);
  ck_assert_uint_eq(slave->of_type("order").size(), 1);
  ck_assert_text(slave->received.back()["kind"], "benchmark");
  ck_assert_text(version_of(slave->received.back()), "4.3.2");
}
END_TEST

TestGroup const renderers_tests{
    "renderers",
    {the_version_that_saved_the_file_is_chosen_else_the_next_with_long_term_support,
     a_delivered_build_comes_before_an_installed_one_and_the_newer_of_two_archives_counts,
     the_owners_choice_counts_by_whole_numbers_and_never_below_what_the_file_needs,
     the_first_order_of_a_job_is_given_out_when_its_renderer_is_written_down,
     what_the_database_says_holds_when_another_was_first, a_renderer_that_could_not_be_written_down_is_tried_again,
     two_versions_and_two_builds_never_mix_in_one_job,
     a_slave_that_comes_back_with_a_frame_of_another_renderer_gives_it_up,
     a_job_goes_only_where_its_engine_works_or_nobody_knows,
     nobody_who_fits_is_said_with_what_there_is_and_without_a_time, a_build_that_was_removed_ends_in_a_sentence,
     an_order_says_where_its_archive_comes_from_and_only_who_takes_them_hears_of_renderers,
     a_power_belongs_to_a_slave_and_a_build, what_must_be_fetched_first_is_measured_when_a_job_asks_for_it}};

}  // namespace
