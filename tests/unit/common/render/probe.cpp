// Probes of render methods: what a slave tries.
#include "common/render/probe.h"

#include <cstdlib>
#include <fstream>

#include "common/render/render_method.h"
#include "tests/support/check_main.h"
#include "tests/support/helper_program.h"

using namespace distren;
namespace fs = std::filesystem;

namespace {

// The engines that are tried with this version, in order.
std::string engines_of(RenderMethod const& method, std::string const& version) {
  std::string out;
  for (auto const& probe : method.probes)
    if (probe.is_for(version)) out += probe.engine + " ";
  return out;
}

std::string refusal_of_probe(std::string const& probe) {
  ScratchFolder const scratch;
  fs::create_directories(scratch / "ffmpeg");
  fs::copy_file(source_folder() / "methods/method.xsd", scratch / "method.xsd");
  std::ifstream shipped(source_folder() / "methods/ffmpeg/method.xml");
  std::string text{std::istreambuf_iterator<char>(shipped), {}};
  auto const from = text.find("<probe"), to = text.find("<output");
  ck_assert(from != std::string::npos && to != std::string::npos);
  std::ofstream(scratch / "ffmpeg/method.xml") << text.replace(from, to - from, probe);
  std::ofstream(scratch / "ffmpeg/picture.ppm") << "P3 1 1 1 0 0 0";
  auto const method = load_render_method(scratch / "ffmpeg");
  return method ? "" : method.error().message;
}

START_TEST(every_version_of_blender_is_tried_with_the_engines_that_it_has) {
  auto const method = load_render_method(source_folder() / "methods/blender");
  ck_assert(method.has_value());
  ck_assert_text(engines_of(*method, "3.4.1"), "CYCLES BLENDER_EEVEE BLENDER_WORKBENCH ");
  ck_assert_text(engines_of(*method, "4.2"), "CYCLES BLENDER_EEVEE_NEXT BLENDER_WORKBENCH ");
  ck_assert_text(engines_of(*method, "4.3.2"), "CYCLES BLENDER_EEVEE_NEXT BLENDER_WORKBENCH ");
  ck_assert_text(engines_of(*method, "5.2.2"), "CYCLES BLENDER_EEVEE BLENDER_WORKBENCH ");
  for (auto const& probe : method->probes) {
    ck_assert(probe.parameters.at("engine") == probe.engine);
    ck_assert(probe.parameters.at("samples") == 1 && probe.parameters.at("frame") == 1);
    ck_assert(probe.parameters.at("format") == "PNG");
  }
}
END_TEST

START_TEST(every_method_that_needs_a_program_of_others_is_tried) {
  for (auto const* name : {"blender", "povray", "ffmpeg", "imagemagick", "denoise"}) {
    auto const method = load_render_method(source_folder() / "methods" / name);
    ck_assert_msg(method && !method->probes.empty(), "%s", name);
  }
}
END_TEST

START_TEST(a_probe_that_cannot_be_rendered_is_refused) {
  ck_assert_text(refusal_of_probe("<probe scene=\"picture.ppm\"/>"), "");
  ck_assert_says(refusal_of_probe("<probe scene=\"absent.ppm\"/>"), "absent.ppm is not there");
  ck_assert_says(refusal_of_probe("<probe scene=\"../picture.ppm\"/>"), "scene");
  ck_assert_says(refusal_of_probe("<probe scene=\"picture.ppm\"><set name=\"format\" value=\"GIF\"/></probe>"), "GIF");
  ck_assert_says(refusal_of_probe("<probe scene=\"picture.ppm\"><set name=\"fps\" value=\"x\"/></probe>"), "fps");
  ck_assert_says(refusal_of_probe("<probe scene=\"picture.ppm\" engine=\"CYCLES\"/>"), "engine");
  ck_assert_says(refusal_of_probe("<probe scene=\"picture.ppm\" from=\"new\"/>"), "from");
}
END_TEST

TestGroup const probe_tests{
    "probe",
    {every_version_of_blender_is_tried_with_the_engines_that_it_has,
     every_method_that_needs_a_program_of_others_is_tried, a_probe_that_cannot_be_rendered_is_refused}};

}  // namespace
