// jobs, job show, job edit, pause, resume, cancel, approve, requeue, delete: managing submitted jobs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/confirm.h"
#include "client/context.h"
#include "client/operation.h"
#include "client/points_format.h"
#include "client/table.h"
#include "client/validators.h"
#include "client/watch.h"
#include "common/base/text.h"
#include "common/render/frame_range.h"

namespace distren::client {
namespace {

using Ids = std::vector<std::int64_t>;

std::string job_path(std::int64_t id) {
  return fmt::format("/api/v1/jobs/{}", id);
}
std::string job_name(std::int64_t id) {
  return fmt::format("job {}", id);
}

struct Listing {
  std::string state;
  bool all = false;
  std::size_t limit = 20;
};

Result<int> list_jobs(Context const& context, Listing const& listing) {
  auto session = context.session();
  if (!session) return session.error();
  auto path = fmt::format("/api/v1/jobs?limit={}", std::min<std::size_t>(listing.limit, 1000));
  if (listing.all) path = with_query(path, "owner", "any");
  if (!listing.state.empty()) path = with_query(path, "state", listing.state);
  Table table({{"JOB", Align::right},
               {"NAME"},
               {"OWNER"},
               {"STATE"},
               {"FRAMES", Align::right},
               {"DONE", Align::right},
               {"RENDERING", Align::right},
               {"FAILED", Align::right},
               {"POSITION", Align::right},
               {"ESTIMATED FINISH"},
               {"SUBMITTED"}});
  Json items = Json::array();
  auto listed = session->each_item(path, "the jobs", [&](Json const& job) {
    items.push_back(job);
    auto const& tasks = object_of(job, "tasks");
    table.add({id_of(job), text_of(job, "name"), text_of(object_of(job, "owner"), "name"), text_of(job, "state"),
               fmt::to_string(number_of(tasks, "total")),
               fmt::format("{:.0f} %", std::floor(fraction_of(job, "progress") * 100)),
               fmt::to_string(rendering_count(job)), fmt::to_string(number_of(tasks, "failed")),
               id_of(job, "queue_position"), clock_time(text_of(job, "estimated_finish_at"), now_ms()),
               ago(text_of(job, "created_at"), now_ms())});
    return items.size() < listing.limit;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}},
                table.empty() ? "No jobs; submit one with: distren submit FILE.blend\n" : table.text());
  return exit_ok;
}

std::string describe(Json const& job) {
  std::string text;
  auto line = [&text](char const* title, std::string const& value) {
    if (!value.empty()) text += fmt::format("{:<16} {}\n", title, value);
  };
  line("job", fmt::format("{} {}", id_of(job), text_of(job, "name")));
  line("owner", text_of(object_of(job, "owner"), "name"));
  line("state", text_of(job, "state"));
  line("reason", text_of(job, "state_reason"));
  line("waiting", text_of(job, "wait_reason"));
  line("shot", text_of(object_of(job, "shot"), "name"));
  auto const& renderer = object_of(job, "renderer");
  auto const saved = text_of(renderer, "saved_version");
  line("main file",
       fmt::format("{}{}", text_of(job, "main_file"), saved.empty() ? "" : fmt::format(" (saved by {})", saved)));
  line("renderer", job_renderer(renderer));
  std::string parameters;
  for (auto const& [name, value] : object_of(job, "parameters").items())
    parameters +=
        fmt::format("{}{} {}", parameters.empty() ? "" : ", ", printable(name, 60),
                    value.is_string() ? printable(value.get<std::string>(), 100) : printable(value.dump(), 100));
  line("parameters", parameters);
  auto const& tasks = object_of(job, "tasks");
  line("frames", fmt::format("{} of {} done, {} rendering, {} failed, {:.0f} %", number_of(tasks, "finished"),
                             number_of(tasks, "total"), rendering_count(job), number_of(tasks, "failed"),
                             std::floor(fraction_of(job, "progress") * 100)));
  line("priority", fmt::to_string(number_of(job, "priority")));
  line("position", id_of(job, "queue_position"));
  line("estimated finish", clock_time(text_of(job, "estimated_finish_at"), now_ms()));
  if (number_of(job, "escrow_millipoints") > 0)
    line("boost",
         fmt::format("{}, {} points in escrow", decimal_of(job, "boost_factor"), points_of(job, "escrow_millipoints")));
  line("submitted", ago(text_of(job, "created_at"), now_ms()));
  line("ended", ago(text_of(job, "finished_at"), now_ms()));
  for (auto const& finding : list_of(job, "findings")) line("warning", text_of(finding, "message"));
  for (auto const& warning : list_of(job, "warnings")) line("render warning", warning_text(warning, in_tiles(job)));
  return text;
}

// A frame's state as users read it; a state of a newer server stays as it is.
std::string state_of(Json const& task) {
  auto const state = text_of(task, "state");
  return state == "ready" ? "waiting" : state == "finished" ? "done" : state;
}

Result<int> list_frames(Context const& context, Session& session, std::int64_t id) {
  Table table({{"FRAME", Align::right},
               {"STATE"},
               {"SLAVE"},
               {"TIME", Align::right},
               {"SIZE", Align::right},
               {"FAILURES", Align::right},
               {"FILE OR REASON"},
               {"WARNINGS"}});
  Json items = Json::array();
  auto listed = session.each_item(job_path(id) + "/tasks?limit=1000", job_name(id), [&](Json const& task) {
    items.push_back(task);
    auto state = state_of(task);
    if (task.contains("progress") && task["progress"].is_number())
      state += fmt::format(" {:.0f} %", std::floor(fraction_of(task, "progress") * 100));
    auto const& outputs = list_of(task, "outputs");
    std::int64_t size = 0;
    std::string names;
    for (auto const& output : outputs) {
      size += number_of(output, "size_bytes");
      names += (names.empty() ? "" : ", ") + text_of(output, "name");
    }
    bool const done = !outputs.empty();
    std::string warnings;
    for (auto const& warning : list_of(task, "warnings"))
      warnings += (warnings.empty() ? "" : "; ") + warning_text(warning);
    table.add({fmt::to_string(number_of(task, "frame")), state, text_of(object_of(task, "slave"), "name"),
               done ? human_time(number_of(task, "wall_ms")) : "", done ? human_size(size) : "",
               fmt::to_string(number_of(task, "failure_count")),
               done ? names : text_of(object_of(task, "failure"), "message"), warnings});
    return true;
  });
  if (!listed) return listed.error();
  context.print({{"items", items}}, table.text());
  return exit_ok;
}

struct ShowOptions {
  std::int64_t id = 0;
  bool frames = false;
  bool wait = false;
};

Result<int> show_job(Context const& context, ShowOptions const& options) {
  auto session = context.session();
  if (!session) return session.error();
  if (options.frames) return list_frames(context, *session, options.id);
  if (!options.wait) {
    auto job = session->get(job_path(options.id), job_name(options.id));
    if (!job) return job.error();
    context.print(*job, describe(*job));
    return exit_ok;
  }
  auto job = watch_job(*session, fmt::to_string(options.id));
  if (!job && interrupted) return keep_running(context, fmt::to_string(options.id));
  if (!job) return job.error();
  context.print(*job, "");
  return conclude(context, *job);
}

// The same request for one or more jobs; with several, --json prints a list. Stops at the first rejection.
Result<int> for_each_job(Context const& context, Ids const& ids, std::string const& method, std::string const& suffix,
                         std::optional<Json> const& body, std::string const& done) {
  auto session = context.session();
  if (!session) return session.error();
  Json items = Json::array();
  for (auto const id : ids) {
    auto job = session->send(method, job_path(id) + suffix, body, job_name(id));
    if (!job) return job.error();
    if (method == "DELETE" && !job->is_null()) {
      job = wait_for_operation(*session, std::move(*job), fmt::format("the deletion of {}", job_name(id)));
      if (!job) return job.error();
    }
    items.push_back(job->is_null() ? Json{{"id", id}, {"state", done}} : *job);
    if (!context.options.json) context.report({}, fmt::format("Job {} {}.\n", id, done));
  }
  if (context.options.json) context.print(ids.size() == 1 ? items[0] : Json{{"items", items}}, "");
  return exit_ok;
}

struct Edit {
  std::int64_t id = 0;
  std::string name;
  std::string shot;
  bool no_shot = false;
  int priority = 0;
  std::string blender;
  std::string build;
  bool yes = false;
};

// What its owner wants again costs the frames that are there.
bool renders_again(Session& session, Edit const& edit, std::string const& version) {
  auto const job = session.get(job_path(edit.id), job_name(edit.id));
  if (!job) return true;  // the change itself says what is wrong
  auto const& renderer = object_of(*job, "renderer");
  auto const done = number_of(object_of(*job, "tasks"), "finished");
  if (done == 0 || text_of(renderer, "version") == version) return true;
  return confirmed(fmt::format("Job {} is rendered by {}; {} of its frames {} finished.\n", edit.id,
                               job_renderer(renderer), done, done == 1 ? "is" : "are"),
                   fmt::format("Render all its frames again with {}?", version));
}

// The number of the shot of this name in the job's project, where it is made if it is new.
Result<Json> shot_of_job(Context const& context, Edit const& edit) {
  auto const slash = edit.shot.find('/');
  if (slash == std::string::npos || edit.shot.find('/', slash + 1) != std::string::npos)
    return fail(Errc::invalid, fmt::format("'{}' is not like SEQUENCE/SHOT", printable(edit.shot, 100)));
  auto session = context.session();
  if (!session) return session.error();
  auto const job = session->get(fmt::format("/api/v1/jobs/{}", edit.id), fmt::format("job {}", edit.id));
  if (!job) return job.error();
  auto const project = id_of(object_of(*job, "project"));
  if (project.empty())
    return fail(Errc::conflict, fmt::format("job {} is in no project, and shots belong to projects", edit.id));
  auto const shot = session->send_once(
      fmt::format("/api/v1/projects/{}/shots", project),
      Json{{"sequence", edit.shot.substr(0, slash)}, {"name", edit.shot.substr(slash + 1)}}, "the shot");
  if (!shot) return shot.error();
  return (*shot)["id"];
}

Result<int> edit_job(Context const& context, Edit const& edit) {
  Json body = Json::object();
  if (!edit.name.empty()) body["name"] = edit.name;
  if (edit.priority != 0) body["priority"] = edit.priority;
  if (edit.no_shot) body["shot_id"] = nullptr;
  if (!edit.shot.empty()) {
    auto const shot = shot_of_job(context, edit);
    if (!shot) return shot.error();
    body["shot_id"] = *shot;
  }
  if (!edit.blender.empty()) {
    auto session = context.session();
    if (!session) return session.error();
    if (!edit.yes && !renders_again(*session, edit, edit.blender)) return fail(Errc::conflict, "nothing was changed");
    body["renderer"] = {{"version", edit.blender}};
    if (!edit.build.empty()) body["renderer"]["build"] = edit.build;
  }
  return for_each_job(context, {edit.id}, "PATCH", "", body, "changed");
}

}  // namespace

void add_job_commands(CLI::App& app, Context& context) {
  // Shared with the callbacks, which run after this function has returned.
  auto listing = std::make_shared<Listing>();
  auto shown = std::make_shared<ShowOptions>();
  auto edit = std::make_shared<Edit>();
  auto ids = std::make_shared<Ids>();

  auto* jobs = app.add_subcommand("jobs", "List jobs, newest first");
  jobs->add_flag("--all", listing->all, "List the jobs of all users, not only your own");
  jobs->add_option("--state", listing->state,
                   "State of the jobs: active, paused, finished, failed or cancelled (default any)")
      ->check(CLI::IsMember({"active", "paused", "finished", "failed", "cancelled"}));
  jobs->add_option("-n,--limit", listing->limit, "Maximum number of jobs (default 20)")->check(CLI::PositiveNumber);
  jobs->callback([&context, listing] { context.run = [&context, listing] { return list_jobs(context, *listing); }; });

  auto* job = app.add_subcommand("job", "Show or edit a job")->require_subcommand(1);
  job->footer("'distren job N' is short for 'distren job show N'.");
  auto* show = job->add_subcommand("show", "Show a job, list its frames, or wait until it ends");
  show->add_option("JOB", shown->id, "Number of the job")->required()->check(CLI::PositiveNumber);
  auto* frames = show->add_flag("--frames", shown->frames, "List the frames of the job");
  show->add_flag("--wait", shown->wait, "Show progress until the job ends")->excludes(frames);
  show->callback([&context, shown] { context.run = [&context, shown] { return show_job(context, *shown); }; });

  auto* change = job->add_subcommand("edit", "Change a job's name, priority, shot or renderer");
  change->add_option("JOB", edit->id, "Number of the job")->required()->check(CLI::PositiveNumber);
  change->add_option("--name", edit->name, "New name of the job");
  change->add_option("--priority", edit->priority, "New priority among your own jobs, 1 to 100")
      ->check(CLI::Range(1, 100));
  auto* shot = change->add_option("--shot", edit->shot, "New shot, as SEQUENCE/SHOT; created if it does not exist")
                   ->check(shot_validator());
  change->add_flag("--no-shot", edit->no_shot, "Remove the job from its shot")->excludes(shot);
  auto* blender = change
                      ->add_option("--blender,--renderer-version", edit->blender,
                                   "Version that renders it, like 4.3 or 4.3.2; all its frames are rendered again")
                      ->check(version_validator());
  change->add_option("--build", edit->build, "Only this archive of that version: its SHA-256")->needs(blender);
  change->add_flag("-y,--yes", edit->yes, "Do not ask for confirmation")->needs(blender);
  change->require_option(2, 7);
  change->callback([&context, edit] { context.run = [&context, edit] { return edit_job(context, *edit); }; });

  struct Action {
    char const* word;
    char const* help;
    char const* done;
  };
  for (auto const& action :
       {Action{"pause", "Stop dispatching frames of jobs", "paused"}, Action{"resume", "Resume paused jobs", "resumed"},
        Action{"cancel", "Cancel jobs for good; keep their finished frames", "cancelled"},
        Action{"approve", "Render the rest of jobs after their test frames", "approved"},
        Action{"delete", "Delete ended jobs and their frames", "deleted"}}) {
    auto* command = app.add_subcommand(action.word, action.help);
    command->add_option("JOB", *ids, "Numbers of the jobs")->required()->check(CLI::PositiveNumber);
    command->callback([&context, ids, action] {
      context.run = [&context, ids, action] {
        bool const removes = std::string_view(action.word) == "delete";
        return for_each_job(context, *ids, removes ? "DELETE" : "POST", removes ? "" : fmt::format("/{}", action.word),
                            std::nullopt, action.done);
      };
    });
  }

  auto all = std::make_shared<bool>(false);
  auto* requeue = app.add_subcommand("requeue", "Render failed frames again")->alias("retry");
  requeue->add_option("JOB", *ids, "Numbers of the jobs")->required()->check(CLI::PositiveNumber);
  requeue->add_flag("--all", *all, "Render finished frames again, too; keep their images until new ones arrive");
  requeue->callback([&context, ids, all] {
    context.run = [&context, ids, all] {
      return for_each_job(context, *ids, "POST", "/requeue", nlohmann::json{{"frames", *all ? "all" : "failed"}},
                          "requeued");
    };
  });
}

}  // namespace distren::client
