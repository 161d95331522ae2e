// What a slave offers: what it has tried, and of it what an order names.
#include "slave/renderer_stock.h"

#include <fstream>

#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

struct Programs {
  ScratchFolder scratch;
  Programs() {
    for (auto const* name : {"old", "new", "method.xml", "scene"}) put(name, name);
  }
  void put(std::string const& name, std::string const& text) const { std::ofstream(scratch / name) << text; }

  [[nodiscard]] InstalledMethod installed(std::string const& program, std::string const& version,
                                          std::string const& build = {}) const {
    InstalledMethod out{.method = {}, .program = scratch / program, .version = version, .build = build};
    out.method.name = "blender";
    out.method.title = "Blender";
    out.method.folder = scratch.path();
    out.method.probes = {{.scene = scratch / "scene", .engine = "CYCLES", .parameters = {}}};
    return out;
  }
  [[nodiscard]] TrialMemory memory(std::string const& facts = "here") const { return {scratch / "trials.json", facts}; }
};

Trial good(std::vector<std::string> engines) {
  Trial trial;
  trial.probes = 1;
  trial.engines = std::move(engines);
  return trial;
}

protocol::FrameOrder order_of(std::string const& version, std::string const& build = {}) {
  protocol::FrameOrder order;
  order.renderer.method = "blender";
  order.renderer.version = version;
  order.renderer.build = build;
  return order;
}

START_TEST(nothing_is_offered_before_it_was_tried) {
  Programs const programs;
  RendererStock list(programs.memory());
  list.add(programs.installed("old", "3.4.1"));
  ck_assert(list.offered().empty());
  auto const next = list.untried(false);
  ck_assert(next && next->version == "3.4.1");
  list.tried(next, good({"CYCLES"}));
  ck_assert(list.untried(true) == nullptr);
  ck_assert_uint_eq(list.offered().size(), 1);
  ck_assert(list.offered().at(0).engines == std::vector<std::string>{"CYCLES"});
}
END_TEST

START_TEST(what_was_tried_is_remembered_until_the_program_changes) {
  Programs const programs;
  {
    RendererStock list(programs.memory());
    list.add(programs.installed("old", "3.4.1"));
    list.tried(list.untried(false), good({"CYCLES"}));
  }
  {
    RendererStock again(programs.memory());
    again.add(programs.installed("old", "3.4.1"));
    ck_assert(again.untried(true) == nullptr && again.offered().size() == 1);
  }
  RendererStock elsewhere(programs.memory("another sandbox"));
  elsewhere.add(programs.installed("old", "3.4.1"));
  ck_assert(elsewhere.untried(false) != nullptr && elsewhere.offered().empty());
  programs.put("old", "another program");
  RendererStock changed(programs.memory());
  changed.add(programs.installed("old", "3.4.1"));
  ck_assert(changed.untried(false) != nullptr && changed.offered().empty());
}
END_TEST

START_TEST(a_failure_is_tried_again_when_the_slave_is_idle) {
  Programs const programs;
  Trial failed = good({"CYCLES"});
  failed.again = true;
  failed.failures = {{"BLENDER_EEVEE", "there is no libEGL"}};
  {
    RendererStock list(programs.memory());
    list.add(programs.installed("old", "3.4.1"));
    list.tried(list.untried(false), failed);
    ck_assert(list.untried(true) == nullptr);
  }
  RendererStock again(programs.memory());
  again.add(programs.installed("old", "3.4.1"));
  ck_assert_uint_eq(again.offered().size(), 1);  // what works is offered at once
  ck_assert(again.untried(false) == nullptr && again.untried(true) != nullptr);
}
END_TEST

START_TEST(an_interrupted_trial_says_nothing) {
  Programs const programs;
  RendererStock list(programs.memory());
  list.add(programs.installed("old", "3.4.1"));
  list.tried(list.untried(false), fail(Errc::conflict, "cancelled"));
  ck_assert(list.untried(false) != nullptr);
  list.tried(list.untried(false), fail(Errc::unavailable, "the disk is full", "out_of_disk"));
  ck_assert(list.untried(true) == nullptr && list.offered().empty());
  ck_assert_says(list.rows().at(0).problem, "disk");
  RendererStock again(programs.memory());
  again.add(programs.installed("old", "3.4.1"));
  ck_assert(again.untried(false) != nullptr);
}
END_TEST

START_TEST(an_order_gets_its_exact_version_and_build_or_nothing) {
  Programs const programs;
  RendererStock list(programs.memory());
  std::string const build(64, 'a');
  list.add(programs.installed("old", "3.4.1"));
  list.add(programs.installed("new", "4.3.2"));
  list.add(programs.installed("new", "4.3.2", build));
  while (auto const next = list.untried(true)) list.tried(next, good({"CYCLES"}));
  ck_assert_text((*list.choose(order_of("3.4.1")))->program.filename().string(), "old");
  ck_assert_text((*list.choose(order_of("4.3.2")))->build, "");
  ck_assert_text((*list.choose(order_of("4.3.2", build)))->build, build);
  ck_assert(list.choose(order_of("")).has_value());
  for (auto const& order : {order_of("4.3"), order_of("3.4.1", build), order_of("4.3.2", std::string(64, 'b'))}) {
    auto const none = list.choose(order);
    ck_assert(!none && none.error().problem == "renderer_missing");
    ck_assert_says(none.error().message, "this slave has 3.4.1, 4.3.2");
  }
}
END_TEST

START_TEST(engines_are_offered_as_they_are_tried) {
  Programs const programs;
  RendererStock list(programs.memory());
  auto installed = programs.installed("old", "3.4.1");
  installed.method.probes.push_back({.scene = programs.scratch / "scene", .engine = "BLENDER_EEVEE", .parameters = {}});
  list.add(installed);
  auto const next = list.untried(false);
  list.tried(next, good({"CYCLES"}));  // one of two
  ck_assert(list.offered().at(0).engines == std::vector<std::string>{"CYCLES"});
  ck_assert(list.untried(false) == next && list.so_far(next).probes == 1);
  ck_assert(RendererStock(programs.memory()).untried(true) == nullptr);
  Trial all = list.so_far(next);
  all.probes = 2;
  all.engines.emplace_back("BLENDER_EEVEE");
  list.tried(next, all);
  ck_assert_uint_eq(list.offered().at(0).engines.size(), 2);
  ck_assert(list.untried(true) == nullptr);
}
END_TEST

START_TEST(a_method_that_renders_nothing_is_not_offered) {
  Programs const programs;
  RendererStock list(programs.memory());
  list.add(programs.installed("old", "3.4.1"));
  Trial failed;
  failed.probes = 1;
  failed.usable = false;
  failed.failures = {{"", "the includes are missing"}};
  list.tried(list.untried(false), failed);
  ck_assert(list.offered().empty());
  auto const none = list.choose(order_of("3.4.1"));
  ck_assert(!none);
  ck_assert_says(none.error().message, "includes are missing");
}
END_TEST

START_TEST(without_its_graphics_card_a_renderer_is_offered_on_the_processor) {
  Programs const programs;
  RendererStock list(programs.memory());
  auto installed = programs.installed("old", "3.4.1");
  installed.gpus = {{"CUDA_0", "NVIDIA Fake 9", "CUDA"}};
  list.add(installed);
  Trial trial = good({"CYCLES"});
  trial.on_gpus = false;
  list.tried(list.untried(false), trial);
  ck_assert_uint_eq(list.offered().size(), 1);
  ck_assert_text(list.offered().at(0).device, "");
  // The card may only have been busy: it is tried again at the next start.
  RendererStock again(programs.memory());
  again.add(installed);
  ck_assert(again.offered().empty() && again.untried(false) != nullptr);
}
END_TEST

TestGroup const renderer_stock_tests{
    "renderer_stock",
    {nothing_is_offered_before_it_was_tried, what_was_tried_is_remembered_until_the_program_changes,
     a_failure_is_tried_again_when_the_slave_is_idle, an_interrupted_trial_says_nothing,
     engines_are_offered_as_they_are_tried, an_order_gets_its_exact_version_and_build_or_nothing,
     a_method_that_renders_nothing_is_not_offered, without_its_graphics_card_a_renderer_is_offered_on_the_processor}};

}  // namespace
