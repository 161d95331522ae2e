#include "server/submit/job_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_set>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "common/base/xml.h"
#include "common/render/frame_range.h"
#include "common/render/render_method.h"
#include "common/render/tiles.h"

namespace distren {

namespace {

constexpr std::size_t max_file_problems = 10;  // then it is the same mistake again

void read_file(nlohmann::json& item, std::size_t number, JobRequestLimits const& limits, JsonBody& body,
               std::vector<store::JobFile>& files) {
  if (!item.is_object()) {
    return body.problem("files", "bad_format",
                        fmt::format("files[{}]: {} is not an object of path, sha256 and size", number, shown(item)));
  }
  JsonBody entry(std::move(item));
  store::JobFile file;
  if (entry.read("path", JsonBody::required, file.path, 1001)) {
    if (auto const good = check_relative_path(file.path); !good)
      entry.problem("path", "bad_format", good.error().message);
  }
  if (entry.read("sha256", JsonBody::required, file.sha256) && !is_sha256_hex(file.sha256)) {
    entry.problem("sha256", "bad_format",
                  fmt::format("sha256: '{}' is not 64 lower-case hexadecimal digits", printable(file.sha256, 70)));
  }
  entry.read("size_bytes", JsonBody::required, file.size, 0, limits.file_bytes);
  if (auto const good = entry.finish(); !good) {
    return body.adopt(fmt::format("/files/{}", number), fmt::format("files[{}]: ", number), good.error());
  }
  files.push_back(std::move(file));
}

// No path twice, and none that is a file here and a folder there.
void check_paths(std::vector<store::JobFile> const& files, JsonBody& body) {
  std::unordered_set<std::string_view> paths;
  for (auto const& file : files) {
    if (!paths.insert(file.path).second) {
      body.problem("files", "duplicate", fmt::format("files: '{}' is named twice", printable(file.path, 200)));
      return;
    }
  }
  for (auto const& file : files) {
    std::string_view const path = file.path;
    for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      if (!paths.contains(path.substr(0, slash))) continue;
      body.problem("files", "bad_format",
                   fmt::format("files: '{}' is a file and also the folder of '{}'",
                               printable(path.substr(0, slash), 200), printable(path, 200)));
      return;
    }
  }
}

void read_files(JsonBody& body, JobRequestLimits const& limits, std::vector<store::JobFile>& files) {
  nlohmann::json list;
  if (!body.read_array("files", JsonBody::required, list, static_cast<std::size_t>(limits.files))) return;
  if (list.empty())
    return body.problem("files", "bad_format", "files: the list is empty; a job has at least its main file");
  std::size_t bad = 0;
  for (std::size_t i = 0; i < list.size() && bad < max_file_problems; ++i) {
    auto const before = files.size();
    read_file(list[i], i, limits, body, files);
    if (files.size() == before) ++bad;
  }
  if (bad == 0) check_paths(files, body);
}

void check_frames(RenderMethod const& method, std::vector<int> const& frames, JsonBody& body) {
  auto const frame = std::find_if(method.parameters.begin(), method.parameters.end(), [](auto const& parameter) {
    return parameter.name == "frame" && parameter.kind == MethodParameter::Kind::integer;
  });
  if (frame == method.parameters.end()) return;
  auto const [first, last] = std::minmax_element(frames.begin(), frames.end());
  if (*first < frame->min || *last > frame->max)
    body.problem("frames", "bad_format",
                 fmt::format("frames: {} takes frames from {} to {}, these are from {} to {}", method.title, frame->min,
                             frame->max, *first, *last));
}

// "4x3": columns and rows; "auto": the server's choice.
bool parse_grid(std::string const& text, PostProcessing& steps) {
  if (text == "auto") return true;
  auto const cross = text.find('x');
  if (cross == std::string::npos) return false;
  auto const number = [](std::string_view part, int& into) {
    auto const [end, problem] = std::from_chars(part.data(), part.data() + part.size(), into);
    return problem == std::errc() && end == part.data() + part.size() && into >= 1;
  };
  return number(std::string_view(text).substr(0, cross), steps.columns) &&
         number(std::string_view(text).substr(cross + 1), steps.rows);
}

void read_steps(JsonBody& body, PostProcessing& steps) {
  std::string tiles;
  steps.tiled = body.read("tiles", JsonBody::optional, tiles, 20);
  if (steps.tiled && !parse_grid(tiles, steps))
    body.problem("tiles", "bad_format",
                 fmt::format("tiles: '{}' is neither auto nor COLUMNSxROWS, like 4x3", printable(tiles, 30)));
  std::int64_t overscan = steps.overscan;
  if (body.read("overscan", JsonBody::optional, overscan, 0, max_overscan) && !steps.tiled)
    body.problem("overscan", "bad_format", "overscan: the frame is not rendered in tiles; ask for tiles too");
  steps.overscan = static_cast<int>(overscan);
  body.read("denoise", JsonBody::optional, steps.denoise);
  if (steps.denoise && !steps.tiled)
    body.problem("denoise", "bad_format",
                 "denoise: whole frames are denoised as the scene says; this is for tiles, ask for them too");
  body.read_object("video", JsonBody::optional, steps.video);
}

void read_shot(JsonBody& body, JobRequest& request) {
  std::string text;
  if (!body.read("shot_name", JsonBody::optional, text, 512)) return;
  auto name = parse_shot_name(text);
  if (!name) return body.problem("shot_name", "bad_format", name.error().message);
  if (request.project == 0)
    return body.problem("shot_name", "bad_format", "shot_name: shots belong to projects; say project_id too");
  request.sequence = std::move(name->sequence);
  request.shot = std::move(name->shot);
}

void read_variations(JsonBody& body, RenderMethod const& method, JobRequestLimits const& limits, JobRequest& request) {
  std::string text;
  if (!body.read("parameter_file", JsonBody::optional, text, XmlDocument::size_limit)) return;
  auto variations = read_parameter_file(text, method);
  if (!variations) return body.problem("parameter_file", "bad_format", "parameter_file: " + variations.error().message);
  for (auto const& variation : *variations) {
    if (variation.frames.size() > static_cast<std::size_t>(limits.frames))
      body.problem(
          "parameter_file", "bad_format",
          fmt::format("parameter_file: variation {} has {} frames, a job of this grid has at most {}", variation.name,
                      grouped(variation.frames.size()), grouped(static_cast<std::uint64_t>(limits.frames))));
    if (!variation.frames.empty()) check_frames(method, variation.frames, body);
  }
  request.variations = std::move(*variations);
}

}  // namespace

std::string extended_name(std::string const& name, std::string_view suffix) {
  std::string const end = whole_characters(suffix, max_job_name / 2);
  return whole_characters(name, max_job_name - end.size()) + end;
}

Result<ShotName> parse_shot_name(std::string_view text) {
  auto const slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == text.size() || printable(text) != text)
    return fail(Errc::invalid, fmt::format("shot_name: '{}' is not like SEQUENCE/SHOT", printable(text, 100)));
  return ShotName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

void read_renderer(JsonBody& body, std::string& wanted, std::string& build) {
  nlohmann::json object;
  if (!body.read_object("renderer", JsonBody::optional, object)) return;
  JsonBody renderer(std::move(object));
  if (renderer.read("version", JsonBody::required, wanted, 64) && !is_renderer_version(wanted))
    renderer.problem("version", "bad_format",
                     fmt::format("version: '{}' is not like 4.3 or 4.3.2", printable(wanted, 60)));
  if (renderer.read("build", JsonBody::optional, build, 64) && !is_sha256_hex(build))
    renderer.problem("build", "bad_format",
                     fmt::format("build: '{}' is not 64 lower-case hexadecimal digits", printable(build, 70)));
  if (auto const good = renderer.finish(); !good) body.adopt("/renderer", "renderer: ", good.error());
}

Result<JobRequest> read_job_request(std::string_view text, std::map<std::string, RenderMethod> const& methods,
                                    JobRequestLimits const& limits) {
  auto body = JsonBody::parse(text);
  if (!body) return std::move(body).error();
  JobRequest request;
  auto& job = request.job;
  if (body->read("name", JsonBody::required, job.name, max_job_name) &&
      (job.name.empty() || printable(job.name) != job.name)) {
    body->problem("name", "bad_format",
                  fmt::format("name: '{}' cannot be a job's name; it has 1 to 200 printable characters",
                              printable(job.name, 60)));
  }
  job.method = "blender";
  body->read("method", JsonBody::optional, job.method, 64);
  auto const method = methods.find(job.method);
  if (method == methods.end()) {
    std::vector<std::string> names;
    for (auto const& [name, definition] : methods) names.push_back(name);
    body->problem("method", "bad_format",
                  fmt::format("method: '{}' is not known to this grid; it has: {}", printable(job.method, 60),
                              fmt::join(names, ", ")));
  }
  read_files(*body, limits, job.files);
  if (body->read("main_file", JsonBody::required, job.source, 1000) && !job.files.empty() &&
      std::none_of(job.files.begin(), job.files.end(), [&job](auto const& file) { return file.path == job.source; })) {
    body->problem("main_file", "bad_format",
                  fmt::format("main_file: '{}' is not one of the job's files", printable(job.source, 200)));
  }
  std::string frames;
  if (body->read("frames", JsonBody::required, frames, 100000)) {
    auto parsed = parse_frames(frames);
    if (!parsed) {
      body->problem("frames", "bad_format", "frames: " + parsed.error().message);
    } else if (parsed->size() > static_cast<std::size_t>(limits.frames)) {
      body->problem("frames", "bad_format",
                    fmt::format("frames: these are {}, a job of this grid has at most {}; split it",
                                grouped(parsed->size()), grouped(static_cast<std::uint64_t>(limits.frames))));
    } else {
      job.frames = std::move(*parsed);
    }
  }
  if (method != methods.end() && !job.frames.empty()) check_frames(method->second, job.frames, *body);
  request.parameters = nlohmann::json::object();
  nlohmann::json parameters = nlohmann::json::object();
  body->read_object("parameters", JsonBody::optional, parameters);
  if (method != methods.end()) {
    auto checked = check_parameters(method->second, parameters);
    if (checked) {
      request.parameters = std::move(*checked);
    } else {
      body->problem("parameters", "bad_format", "parameters: " + checked.error().message);
    }
  }
  read_renderer(*body, job.renderer.wanted, request.wanted_build);
  if (method != methods.end()) read_variations(*body, method->second, limits, request);
  read_steps(*body, request.steps);
  std::int64_t priority = 50;
  body->read("priority", JsonBody::optional, priority, 1, 100);
  job.priority = static_cast<int>(priority);
  body->read("project_id", JsonBody::optional, request.project, 1, INT64_MAX);
  read_shot(*body, request);
  body->read("paused", JsonBody::optional, job.paused);
  body->read("test_first", JsonBody::optional, job.needs_approval);
  if (auto finished = body->finish(); !finished) return std::move(finished).error();
  return request;
}

}  // namespace distren
