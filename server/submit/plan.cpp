#include "server/submit/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

#include "common/base/json_text.h"
#include "common/render/tiles.h"
#include "server/dispatch/order.h"

namespace distren {

namespace {

using nlohmann::json;

constexpr int tiles_per_slot =
    4;  // so that a slave twice as fast renders twice as many, and none waits long at the end
constexpr int automatic_side = 256;  // pixels that a tile of an automatic grid has at least
constexpr int automatic_columns = 16;

struct Chain {  // what is left of one variation's jobs so far
  std::vector<PlannedJob>& plan;
  JobRequest const& request;
  std::map<std::string, RenderMethod> const& methods;
  int last = -1;  // place in the plan
  std::string name;
  json output;  // of the last

  // A job made of the last one's output.
  Result<PlannedJob*> step(std::string const& method, std::string const& suffix) {
    if (!methods.contains(method))
      return fail(Errc::invalid, fmt::format("this grid has no render method {}, which that needs", method));
    store::NewJob job = request.job;
    job.name = extended_name(name, suffix);
    job.method = method;
    job.version = "0";
    job.renderer = {};
    job.warnings = "[]";
    job.tiles = 1;
    job.paused = job.needs_approval = false;  // it waits anyway
    job.files.clear();
    job.source = "output/" + output.value("pattern", "");
    plan[static_cast<std::size_t>(last)].result = false;
    job.after = last;
    plan.push_back({std::move(job), true, request.variation});
    last = static_cast<int>(plan.size()) - 1;
    return &plan.back();
  }
};

std::string pattern_for(RenderMethod const& method, std::string const& format) {
  auto const found = std::ranges::find(method.formats, format, &RenderMethod::Format::name);
  return fmt::format("%0{}d.{}", method.digits, found == method.formats.end() ? "png" : found->extension);
}

// As many tiles as keep every slave busy to the end, but none too small to be worth its overhead.
TileGrid automatic_grid(int width, int height, int slots) {
  int const wanted = std::max(4, slots * tiles_per_slot);
  double const shape = std::sqrt(static_cast<double>(wanted) * width / height);
  int const columns =
      std::clamp(static_cast<int>(std::lround(shape)), 1, std::clamp(width / automatic_side, 1, automatic_columns));
  int const rows =
      std::clamp((wanted + columns - 1) / columns, 1, std::clamp(height / automatic_side, 1, automatic_columns));
  return {.width = width, .height = height, .columns = columns, .rows = rows};
}

Result<TileGrid> grid_of(JobRequest const& request, RenderMethod const& method, json const& output, int slots) {
  if (method.tiles == RenderMethod::Tiles::none)
    return fail(Errc::invalid, fmt::format("tiles: {} cannot render a part of a frame", method.title));
  int const width = output.value("width", 0), height = output.value("height", 0);
  if (width == 0 || height == 0)
    return fail(Errc::invalid,
                "tiles: the size of the frame is not known beforehand; set width and height, or render it whole");
  constexpr std::array exact{"PNG", "TIFF", "OPEN_EXR", "OPEN_EXR_MULTILAYER"};
  auto const format = output.value("format", "");
  if (std::ranges::find(exact, format) == exact.end())
    return fail(Errc::invalid, fmt::format("tiles: {} loses pixels' values at every saving; set the format to PNG, "
                                           "TIFF or OPEN_EXR",
                                           format));
  auto const& steps = request.steps;
  TileGrid grid = steps.columns > 0
                      ? TileGrid{.width = width, .height = height, .columns = steps.columns, .rows = steps.rows}
                      : automatic_grid(width, height, slots);
  grid.overscan = steps.overscan;
  grid.whole = method.tiles == RenderMethod::Tiles::whole;
  if (auto const good = check_tiles(grid); !good) return fail(Errc::invalid, "tiles: " + good.error().message);
  return grid;
}

json tiles_json(TileGrid const& grid) {
  return {{"columns", grid.columns}, {"rows", grid.rows}, {"overscan", grid.overscan}, {"whole", grid.whole}};
}

Result<void> add_stitching(Chain& chain, TileGrid const& grid) {
  auto const step = chain.step("stitch", "");
  if (!step) return fail(Errc::invalid, "tiles: " + step.error().message);
  auto& job = (*step)->job;
  json parameters{{"width", grid.width},
                  {"height", grid.height},
                  {"columns", grid.columns},
                  {"rows", grid.rows},
                  {"format", chain.output["format"]}};
  if (grid.overscan > 0) parameters["overscan"] = grid.overscan;
  if (grid.whole) parameters["whole"] = "on";
  job.parameters = to_text(parameters);
  job.output = to_text(chain.output);
  return {};
}

Result<void> add_denoising(Chain& chain, std::string const& format) {
  json parameters{{"pictures", "output/" + chain.output.value("pattern", "")},
                  {"format", format},
                  {"width", chain.output["width"]},
                  {"height", chain.output["height"]}};
  auto const own = json::parse(chain.request.job.parameters, nullptr, false);
  if (own.contains("scene")) parameters["scene"] = own["scene"];
  auto const step = chain.step("denoise", "");
  if (!step) return fail(Errc::invalid, "denoise: " + step.error().message);
  auto& job = (*step)->job;
  job.version = chain.request.job.version;
  job.files = chain.request.job.files;  // the scene's colour management and output settings
  job.source = chain.request.job.source;
  job.parameters = to_text(parameters);
  chain.output["format"] = format;
  chain.output["pattern"] = pattern_for(chain.methods.at("denoise"), format);
  job.output = to_text(chain.output);
  return {};
}

// Scene-linear pixels look like the scene's other images only through its view transform: Blender itself applies it.
Result<void> add_view_transform(Chain& chain) {
  auto const& frames = chain.request.job;
  json parameters{{"pictures", "output/" + chain.output.value("pattern", "")}, {"format", "PNG"}};
  auto const own = json::parse(frames.parameters, nullptr, false);
  if (own.contains("scene")) parameters["scene"] = own["scene"];
  auto const step = chain.step("view", ": view transform");
  if (!step) return fail(Errc::invalid, "video: " + step.error().message);
  auto& job = (*step)->job;
  job.version = frames.version;
  std::ranges::copy_if(frames.files, std::back_inserter(job.files),
                       [&](store::JobFile const& file) { return file.path == frames.source; });
  job.source = frames.source;
  job.parameters = to_text(parameters);
  chain.output["format"] = "PNG";
  chain.output["pattern"] = pattern_for(chain.methods.at("view"), "PNG");
  job.output = to_text(chain.output);
  return {};
}

// As a fraction: scenes of film and television have rates like 30000/1001, known here to a thousandth.
std::string rate_of(double fps) {
  for (int const whole : {24, 30, 48, 60, 120})
    if (std::abs(fps - whole * 1000 / 1001.0) < 0.001) return fmt::format("{}/1001", whole * 1000);
  auto const thousandths = std::clamp<std::int64_t>(std::llround(fps * 1000), 1000, 240000);
  auto const common = std::gcd(thousandths, std::int64_t{1000});
  return fmt::format("{}/{}", thousandths / common, 1000 / common);
}

Result<void> add_video(Chain& chain) {
  auto const format_of_frames = chain.output.value("format", "");
  if (format_of_frames == "OPEN_EXR_MULTILAYER")
    return fail(Errc::invalid, "video: frames of several layers are no pictures yet; set the format to PNG");
  // Users download the frames as they were rendered, too.
  auto const frames = static_cast<std::size_t>(chain.last);
  json parameters = chain.request.steps.video;
  bool const linear = format_of_frames == "OPEN_EXR" || format_of_frames == "HDR";
  if (linear && chain.methods.at(chain.request.job.method).preflight == "blend") {
    if (auto const added = add_view_transform(chain); !added) return added;
  } else if (format_of_frames == "OPEN_EXR") {
    parameters["linear"] = "on";  // no scene says how it is to be looked at: the curve of screens
  } else if (linear) {
    return fail(Errc::invalid, "video: frames of the format HDR hold light, no pictures; set the format to PNG");
  }
  auto const pattern = chain.output.value("pattern", "");
  auto const suffix = pattern.substr(pattern.rfind('.'));
  if (!parameters.contains("format")) parameters["format"] = "MP4";
  if (!parameters.contains("fps") && !parameters.contains("rate") && chain.output.contains("fps"))
    parameters["rate"] = rate_of(chain.output["fps"].get<double>());
  if (chain.output.contains("pixel_aspect")) parameters["aspect"] = chain.output["pixel_aspect"];
  parameters["sequence"] = std::string(in_a_row) + "%07d" + suffix;
  parameters["first"] = 1;
  auto const step = chain.step("ffmpeg", ": video");
  if (!step) return fail(Errc::invalid, "video: " + step.error().message);
  auto checked = check_parameters(chain.methods.at("ffmpeg"), parameters);
  if (!checked) return fail(Errc::invalid, "video: " + checked.error().message);
  auto& job = (*step)->job;
  chain.plan[frames].result = true;
  job.source = parameters["sequence"].get<std::string>();
  job.frames = {1};
  job.parameters = to_text(*checked);
  auto const format = checked->value("format", "");
  auto const named = pattern_for(chain.methods.at("ffmpeg"), format);
  job.output = to_text(json{{"format", format}, {"pattern", "video" + named.substr(named.rfind('.'))}});
  return {};
}

Result<void> plan_variation(std::vector<PlannedJob>& plan, JobRequest const& request,
                            std::map<std::string, RenderMethod> const& methods, int slots) {
  auto const& steps = request.steps;
  RenderMethod const& method = methods.at(request.job.method);
  Chain chain{plan, request, methods, -1, request.job.name, json::parse(request.job.output, nullptr, false)};
  plan.push_back({request.job, true, request.variation});
  chain.last = static_cast<int>(plan.size()) - 1;
  if (steps.tiled) {
    auto const final_format = chain.output.value("format", "");
    auto& job = plan.back().job;
    if (steps.denoise) {
      json parameters = json::parse(job.parameters, nullptr, false);
      parameters["format"] = chain.output["format"] = "OPEN_EXR_MULTILAYER";
      parameters["denoising-data"] = "on";
      if (auto const good = check_parameters(method, parameters); !good)
        return fail(Errc::invalid, fmt::format("denoise: {} leaves no data to denoise by", method.title));
      chain.output["pattern"] = pattern_for(method, "OPEN_EXR_MULTILAYER");
      job.parameters = to_text(parameters);
    }
    auto const grid = grid_of(request, method, chain.output, slots);
    if (!grid) return grid.error();
    job.name = extended_name(job.name, ": tiles");
    job.tiles = grid->count();
    json output = chain.output;
    output["tiles"] = tiles_json(*grid);
    job.output = to_text(output);
    if (auto const added = add_stitching(chain, *grid); !added) return added;
    if (steps.denoise)
      if (auto const added = add_denoising(chain, final_format); !added) return added;
  }
  if (!steps.video.is_null()) return add_video(chain);
  return {};
}

}  // namespace

std::vector<JobRequest> variations_of(JobRequest const& request) {
  if (request.variations.empty()) return {request};
  std::vector<JobRequest> out;
  for (auto const& variation : request.variations) {
    JobRequest one = request;
    one.variations.clear();
    one.variation = variation.name;
    one.job.name = extended_name(request.job.name, ": " + variation.name);
    if (!variation.frames.empty()) one.job.frames = variation.frames;
    for (auto const& [name, value] : variation.parameters.items()) one.parameters[name] = value;
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<PlannedJob>> plan_submission(std::vector<JobRequest> const& variations,
                                                std::map<std::string, RenderMethod> const& methods, int slots) {
  std::vector<PlannedJob> plan;
  for (auto const& request : variations) {
    auto const planned = plan_variation(plan, request, methods, slots);
    if (planned) continue;
    if (request.variation.empty()) return planned.error();
    return fail(planned.error().code, fmt::format("variation {}: {}", request.variation, planned.error().message));
  }
  return plan;
}

}  // namespace distren
