// submit, check: inspects the scene, uploads what the server lacks, creates the job, and optionally waits for it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "client/context.h"
#include "client/fetch_output.h"
#include "client/povray_files.h"
#include "client/project.h"
#include "client/scene_files.h"
#include "client/scene_options.h"
#include "client/scene_report.h"
#include "client/upload.h"
#include "client/validators.h"
#include "client/watch.h"
#include "common/base/files.h"
#include "common/base/text.h"

namespace distren::client {
namespace {

constexpr std::size_t max_parameter_bytes = 256 << 10;  // the server's limit

struct Submission {
  std::string file;
  std::string root;
  bool all_files = false;  // of the root
  std::string method = "blender";
  std::vector<std::string> settings;  // NAME=VALUE, of any method
  std::string frames;                 // empty: the scene's own range
  std::string scene;                  // empty: the active one
  std::string camera;                 // empty: the scene's
  int samples = 0;
  std::string resolution;
  std::string format;
  std::string engine;
  std::string blender;
  std::string name;
  std::string project;
  std::string shot;
  int priority = 0;
  bool paused = false;
  bool test_first = false;
  std::string parameter_file;
  std::string tiles;
  int overscan = -1;
  bool denoise = false;
  std::string video;
  std::string fps;  // 24 or 30000/1001
  bool wait = false;
  bool check = false;  // inspect without submitting
  std::string download;
};

void warn(Context const& context, std::string const& message) {
  context.note("warning: " + message);
}

// The server reports most of the same faults in its own words: a file that was named already is not named again.
bool is_said(std::vector<std::string> const& said, std::string const& message) {
  auto const begin = message.find('\'');
  auto const end = begin == std::string::npos ? begin : message.find('\'', begin + 1);
  if (end == std::string::npos) return false;
  auto const name = message.substr(begin, end + 1 - begin);
  return std::ranges::any_of(said, [&name](std::string const& each) { return each.find(name) != std::string::npos; });
}

// An integer becomes a number, everything else a string.
void add_setting(Json& out, std::string const& text) {
  auto const equals = text.find('=');
  auto const value = text.substr(equals + 1);
  bool const whole = !value.empty() && value.size() < 18 &&
                     value.find_first_not_of("0123456789", value.front() == '-' ? 1 : 0) == std::string::npos &&
                     value != "-";
  out[text.substr(0, equals)] = whole ? Json(std::stoll(value)) : Json(value);
}

Json parameters_of(Submission const& given) {
  auto out = Json::object();
  for (auto const& setting : given.settings) add_setting(out, setting);
  if (given.samples > 0) out["samples"] = given.samples;
  if (!given.resolution.empty()) out["percentage"] = percentage_of(given.resolution);
  if (!given.format.empty()) out["format"] = format_word(given.format);
  if (!given.engine.empty()) out["engine"] = engine_word(given.engine);
  if (!given.camera.empty()) out["camera"] = given.camera;
  if (!given.scene.empty()) out["scene"] = given.scene;
  return out;
}

struct Prepared {
  SceneFiles scene;
  std::string frames;
};

// Everything that can be checked without the server.
Result<Prepared> prepare(Submission const& given) {
  if (given.method != "blender") {
    if (given.frames.empty())
      return fail(Errc::invalid,
                  fmt::format("{} has no frame range; set it, like --frames 1-250", printable(given.file)));
    auto const named = given.method == "povray" ? povray_references(given.file) : Result<BlendSummary>(BlendSummary{});
    if (!named) return fail(named.error().code, fmt::format("{}: {}", printable(given.file), named.error().message));
    // No reader says what a file of another method needs: its root is sent whole.
    bool const whole = given.all_files || (!given.root.empty() && given.method != "povray");
    auto scene = files_of_scene(given.file, *named, {given.root, whole, false});
    if (!scene) return scene.error();
    return Prepared{*std::move(scene), given.frames};
  }
  auto summary = inspect_blend(given.file);
  if (!summary)
    return fail(summary.error().code, fmt::format("{}: {}", printable(given.file), summary.error().message));
  std::optional<SceneRequest> request;
  if (given.parameter_file.empty()) {
    request = scene_request(parameters_of(given));
    request->tiled = !given.tiles.empty();
    request->denoised_whole = given.denoise;
  }
  auto frames = check_options(given.file, *summary, given.frames, request);
  if (!frames) return frames.error();
  auto scene = files_of_scene(given.file, *summary, {given.root, given.all_files, true});
  if (!scene) return scene.error();
  return Prepared{*std::move(scene), *frames};
}

Result<Json> create_job(Session& session, Submission const& given, Prepared const& prepared, Json const& project) {
  auto files = Json::array();
  for (auto const& file : prepared.scene.files)
    files.push_back({{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size}});
  Json body{{"name", given.name.empty() ? job_name_of(given.file) : given.name},
            {"method", given.method},
            {"main_file", prepared.scene.source},
            {"files", files},
            {"frames", prepared.frames},
            {"parameters", parameters_of(given)}};
  if (given.priority != 0) body["priority"] = given.priority;
  if (!given.blender.empty()) body["renderer"] = {{"version", given.blender}};
  if (!project.is_null()) body["project_id"] = project;
  if (!given.shot.empty()) body["shot_name"] = given.shot;
  if (given.paused) body["paused"] = true;
  if (given.test_first) body["test_first"] = true;
  if (!given.parameter_file.empty()) {
    auto text = read_file(given.parameter_file, max_parameter_bytes);
    if (!text) return fail(text.error().code, fmt::format("--parameters: {}", text.error().message));
    body["parameter_file"] = *std::move(text);
  }
  if (!given.tiles.empty()) body["tiles"] = given.tiles;
  if (given.overscan >= 0) body["overscan"] = given.overscan;
  if (given.denoise) body["denoise"] = true;
  if (!given.video.empty()) {
    body["video"] = {{"format", format_word(given.video)}};
    bool const fraction = given.fps.find('/') != std::string::npos;
    if (fraction) body["video"]["rate"] = given.fps;
    if (!fraction && !given.fps.empty()) body["video"]["fps"] = std::stoi(given.fps);
  }
  if (given.check) return session.send("POST", "/api/v1/submissions/check", body, "the job");
  return session.send_once("/api/v1/submissions", body, "the job");
}

// Waits for one job and fetches its images below folder.
Result<int> wait_for_job(Context const& context, Session& session, Submission const& given, std::string const& id,
                         bool wanted, std::filesystem::path const& folder) {
  auto ended = watch_job(session, id);
  if (!ended && interrupted) return keep_running(context, id);
  if (!ended) {
    context.note(fmt::format("Job {0} stays on the server; to follow it: distren job show {0} --wait", id));
    return ended.error();
  }
  context.print(*ended, "");
  int const code = conclude(context, *ended);
  if (given.download.empty() || !wanted) return code;
  auto fetched = fetch_output(session, id, {}, folder);
  if (!fetched) return fetched.error();
  if (context.options.json)  // stdout carries the job alone
    return fetched->missing.empty() ? code : static_cast<int>(exit_rejected);
  int const all_here = report_fetched(context, *fetched, folder);
  return code != exit_ok ? code : all_here;
}

// All jobs of a submission, in order; stops at the first that fails.
Result<int> wait_for(Context const& context, Session& session, Submission const& given, Json const& jobs) {
  int code = exit_ok;
  for (auto const& job : jobs) {
    auto const folder = std::filesystem::path(given.download) / text_of(job, "folder");
    auto const waited = wait_for_job(context, session, given, id_of(job), job.value("is_final_output", true), folder);
    if (!waited) return waited.error();
    code = *waited;
    if (code != exit_ok || interrupted) break;
  }
  return code;
}

// "Job 13: scene (stitch)."
std::string dependent_jobs(Json const& jobs) {
  std::string out;
  for (std::size_t i = 1; i < jobs.size(); ++i)
    out += fmt::format("Job {}: {} ({}).\n", id_of(jobs[i]), text_of(jobs[i], "name"), text_of(jobs[i], "method"));
  return out;
}

// What the server found and the client did not say before.
void warn_of_findings(Context const& context, Prepared const& prepared, Json const& answer) {
  for (auto const& finding : list_of(answer, "findings"))
    if (auto const message = text_of(finding, "message"); !is_said(prepared.scene.warnings, message))
      warn(context, message);
}

// Warnings go where submit prints them, so that stdout stays parseable.
int show_findings(Context const& context, Submission const& given, Prepared const& prepared, Json const& answer) {
  context.print(answer, scene_report(answer, given.file));
  warn_of_findings(context, prepared, answer);
  auto const& problems = list_of(answer, "problems");
  for (auto const& problem : problems) Context::complain("problem: " + text_of(problem, "detail"));
  return problems.empty() ? exit_ok : exit_rejected;
}

Result<int> submit(Context const& context, Submission const& given) {
  auto prepared = prepare(given);
  if (!prepared) return prepared.error();
  for (auto const& message : prepared->scene.warnings) warn(context, message);
  if (!prepared->scene.rest.empty()) context.note(prepared->scene.rest);
  auto session = context.session();
  if (!session) return session.error();
  Json project;
  if (!given.project.empty()) {
    auto found = find_project(*session, given.project);
    if (!found) return found.error();
    project = *found;
  }

  Progress progress(progress_on_stderr(context.options.quiet));
  if (auto read = compute_digests(prepared->scene.files, progress); !read) return read.error();
  auto sent = upload_missing(*session, prepared->scene.files, progress);
  if (!sent) return sent.error();
  auto job = create_job(*session, given, *prepared, project);
  if (!job) return job.error();
  if (given.check) return show_findings(context, given, *prepared, *job);

  warn_of_findings(context, *prepared, *job);
  auto const id = id_of(*job);
  auto const summary =
      fmt::format("Job {}: {} ({}) with {} {}, {} uploaded.", id, text_of(*job, "name"), prepared->frames,
                  prepared->scene.files.size(), prepared->scene.files.size() == 1 ? "file" : "files",
                  *sent == 0 ? "nothing" : human_size(*sent));
  if (!given.wait) {
    context.report(*job, summary + "\n" + dependent_jobs(list_of(*job, "jobs")));
    return exit_ok;
  }
  context.note(summary);
  auto const& jobs = list_of(*job, "jobs");
  return wait_for(context, *session, given, jobs.empty() ? Json::array({*job}) : jobs);  // an older server lists none
}

void add_scene_options(CLI::App* command, std::shared_ptr<Submission> const& given) {
  command->add_option("FILE", given->file, "Main file: a .blend file, or what the method renders")->required();
  command->add_option("--frames", given->frames, "Frames, like 1-250 or 1-10,20,30-40x2 (default from the scene)")
      ->check(frames_validator());
  command->add_option("--samples", given->samples, "Samples per pixel (default from the scene)")
      ->check(CLI::Range(1, 1 << 24));
  command
      ->add_option("--resolution", given->resolution,
                   "Percentage of the scene's resolution, 1 to 400 (default from the scene)")
      ->check(percentage_validator());
  command->add_option("--format", given->format, "Image format: PNG, JPEG, EXR, TIFF ... (default from the scene)");
  command
      ->add_option("--blender,--renderer-version", given->blender,
                   "Version of the renderer, like 4.3 or 4.3.2 (default the one that saved the file, else the next)")
      ->check(version_validator());
  command->add_option("--engine", given->engine, "Render engine: CYCLES, EEVEE or WORKBENCH (default from the scene)");
  command->add_option("--camera", given->camera, "Name of the camera (default from the scene)");
  command->add_option("--scene", given->scene, "Name of the scene (default the active one)");
  command->add_option("--method", given->method, "Render method, like povray (default blender)");
  command->add_option("--set", given->settings, "Parameter of the method as NAME=VALUE; repeatable")
      ->check(setting_validator());
  command->add_option("--parameters", given->parameter_file, "XML file of variations of the scene; each becomes a job")
      ->check(CLI::ExistingFile);
  auto* tiles =
      command->add_option("--tiles", given->tiles, "Render each frame in tiles: auto, or like 4x3 (default none)");
  command
      ->add_option("--overscan", given->overscan, "Pixels to render beyond the edges of a tile, 0 to 256 (default 8)")
      ->check(CLI::Range(0, 256))
      ->needs(tiles);
  command->add_flag("--denoise", given->denoise, "Denoise the frame after stitching its tiles")->needs(tiles);
  auto* video =
      command->add_option("--video", given->video, "Create a video of the frames: MP4 or WEBM (default none)");
  command
      ->add_option("--fps", given->fps,
                   "Frames per second of the video, 1 to 240 or like 30000/1001 (default from the scene, else 24)")
      ->check(frame_rate_validator())
      ->needs(video);
  auto* root = command->add_option("--root", given->root,
                                   "Folder that holds the scene and the files it uses (default the scene's folder)");
  command->add_flag("--all-files", given->all_files, "Send all files of the root, not only those that the scene names")
      ->needs(root);
}

}  // namespace

void add_submit_command(CLI::App& app, Context& context) {
  // Shared with the callback, which runs after this function has returned.
  auto inspection = std::make_shared<Submission>();
  inspection->check = true;
  auto* check = app.add_subcommand("check", "Inspect a scene and report problems, without submitting it");
  add_scene_options(check, inspection);
  check->callback(
      [&context, inspection] { context.run = [&context, inspection] { return submit(context, *inspection); }; });

  auto* command = app.add_subcommand("submit", "Submit a scene as a job");
  auto given = std::make_shared<Submission>();
  add_scene_options(command, given);
  command->add_flag("--check,--dry-run", given->check, "Inspect the scene only, like distren check");
  command->add_option("--name", given->name, "Name of the job (default the file's)");
  auto* project = command->add_option("--project", given->project, "Name or number of the project (default none)");
  command->add_option("--shot", given->shot, "Shot of the project, as SEQUENCE/SHOT; created if it does not exist")
      ->check(shot_validator())
      ->needs(project);
  command->add_option("--priority", given->priority, "Priority among your own jobs, 1 to 100 (default 50)")
      ->check(CLI::Range(1, 100));
  command->add_flag("--test-first", given->test_first,
                    "Render first, middle and last frame first; the rest waits for distren approve");
  auto* paused = command->add_flag("--paused", given->paused, "Submit the job paused; start it with distren resume");
  auto* wait = command->add_flag("--wait", given->wait, "Show progress until the job ends")->excludes(paused);
  command->add_option("--download", given->download, "Folder to download the frames to after --wait")->needs(wait);
  command->callback([&context, given] { context.run = [&context, given] { return submit(context, *given); }; });
}

}  // namespace distren::client
