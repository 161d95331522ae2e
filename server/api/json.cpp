#include "server/api/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "common/base/text.h"
#include "server/api/scope.h"
#include "server/api/services.h"
#include "server/dispatch/status.h"
#include "server/dispatch/task_text.h"
#include "server/jobs/job_state.h"
#include "server/live/publish.h"
#include "server/submit/finding.h"

namespace distren {

using nlohmann::json;

namespace {

// A JSON column; what cannot be read is shown as null rather than hiding the whole job.
json column(std::string const& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json(nullptr) : value;
}

// A list that a procedure has aggregated; what cannot be read, or is not there, is empty.
json rows_of(std::string const& text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_array() ? value : json::array();
}

}  // namespace

json number_or_null(std::int64_t number) {
  return number == 0 ? json(nullptr) : json(number);
}

json text_or_null(std::string const& text) {
  return text.empty() ? json(nullptr) : json(text);
}

json named_or_null(std::int64_t id, std::string const& name) {
  return id == 0 ? json(nullptr) : json{{"id", id}, {"name", text_or_null(name)}};
}

std::string_view slave_state_name(store::SlaveState state) {
  switch (state) {
    case store::SlaveState::disabled:
      return "disabled";
    case store::SlaveState::revoked:
      return "revoked";
    case store::SlaveState::enabled:
      break;
  }
  return "enabled";
}

json decimal(std::int64_t thousandths) {
  if (thousandths % 1000 == 0) return thousandths / 1000;
  return static_cast<double>(thousandths) / 1000;
}

json time_or_null(std::int64_t unix_ms) {
  return unix_ms == 0 ? json(nullptr) : json(iso_time(unix_ms));
}

json explanation_to_json(Explanation const& why) {
  return {{"rule", why.rule}, {"value", why.number}, {"message", why.sentence}};
}

json user_to_json(store::UserDetails const& user, bool with_private) {
  auto const hide = [with_private](json value) { return with_private ? std::move(value) : json(nullptr); };
  return {{"id", user.id},
          {"revision", user.revision},
          {"name", user.name},
          {"email", hide(text_or_null(user.email))},
          {"role", user.role},
          {"created_at", user.created_at},
          {"last_login_at", hide(text_or_null(user.last_login_at))},
          {"blocked_at", hide(text_or_null(user.blocked_at))},
          {"blocked_reason", hide(text_or_null(user.blocked_reason))},
          {"job_count", hide(user.jobs)},
          {"slave_count", hide(user.slaves)},
          {"total_millipoints", user.total_points}};
}

json token_to_json(store::Token const& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"scopes", scope_names(scopes_of(token.scopes))},
          {"created_at", token.created_at},
          {"last_used_at", text_or_null(token.last_used_at)},
          {"expires_at", text_or_null(token.expires_at)}};
}

namespace {

// Of a job whose test frames come first: are they rendered?
json approval_of(store::Job const& job) {
  if (!job.needs_approval || store::has_ended(job.state)) return nullptr;
  int const tests = std::min(3, job.tasks / std::max(1, job.tiles)) * job.tiles;
  return job.accepted + job.failed < tests ? "testing" : "waiting";
}

// The counts of the row and of the dispatcher may be apart by what is being written down; their sum is the total.
json task_counts_to_json(store::Job const& job, TaskPhases const& phases) {
  int const over = job.accepted + job.failed;
  bool const cancelled = job.state == store::JobState::cancelled;
  int const left = std::max(0, job.tasks - over);
  return {{"total", job.tasks},          {"ready", cancelled ? 0 : std::max(0, left - phases.sum())},
          {"assigned", phases.assigned}, {"rendering", phases.rendering},
          {"checking", phases.checking}, {"finished", job.accepted},
          {"failed", job.failed},        {"cancelled", cancelled ? left : 0}};
}

}  // namespace

json renderer_to_json(std::string const& method, store::JobRenderer const& renderer, std::string const& min_version) {
  return {{"method", method},
          {"version", text_or_null(renderer.version)},
          {"build", text_or_null(renderer.build)},
          {"min_version", min_version == "0" ? json(nullptr) : text_or_null(min_version)},
          {"wanted_version", text_or_null(renderer.wanted)},
          {"saved_version", text_or_null(renderer.saved)},
          {"engine", text_or_null(renderer.engine)}};
}

// What the planner wrote down, with every member: null where it is not known before the first frame.
json output_to_json(std::string_view text) {
  auto const stored = json::parse(text, nullptr, false);
  auto const of = [](json const& object, char const* name) {
    auto const found = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && found != object.end() ? *found : json(nullptr);
  };
  auto const tiles = of(stored, "tiles");
  return {{"format", of(stored, "format")},
          {"width", of(stored, "width")},
          {"height", of(stored, "height")},
          {"pattern", of(stored, "pattern")},
          {"fps", of(stored, "fps")},
          {"tiles", tiles.is_object() ? json{{"columns", of(tiles, "columns")},
                                             {"rows", of(tiles, "rows")},
                                             {"overscan", of(tiles, "overscan")},
                                             {"full_frame", of(tiles, "whole")}}
                                      : json(nullptr)}};
}

json to_json(store::Job const& job, JobStatus const& live) {
  bool const active = job.state == store::JobState::active;
  auto const forecast = active ? live.forecast : std::nullopt;
  double const done = job.accepted + (active || live.leased > 0 ? live.running : 0.0);
  return {{"id", job.id},
          {"revision", job.revision},
          {"name", job.name},
          {"owner", named_or_null(job.user, job.user_name)},
          {"project", named_or_null(job.project, job.project_name)},
          {"shot", named_or_null(job.shot, job.shot_name)},
          {"submission_id", job.submission == 0 ? job.id : job.submission},
          {"made_from_job_id", number_or_null(job.after)},
          {"renderer", renderer_to_json(job.method, job.renderer, job.version)},
          {"state", job_state_name(job.state)},
          {"state_reason", text_or_null(job.reason)},
          {"paused_by", text_or_null(job.paused_by)},
          {"main_file", job.source},
          {"parameters", column(job.parameters)},
          {"output", output_to_json(job.output)},
          {"findings", read_findings(job.warnings)},
          {"warnings", rows_of(job.render_warnings)},
          {"priority", job.priority},
          {"tasks", task_counts_to_json(job, live.phases)},
          {"progress", job.tasks > 0 ? std::clamp(done / job.tasks, 0.0, 1.0) : 0.0},
          {"rendering_progress", done - job.accepted},
          {"created_at", job.created_at},
          {"finished_at", text_or_null(job.finished_at)},
          {"escrow_millipoints", job.escrow},
          {"boost_factor", decimal(forecast ? forecast->boost : 0)},
          {"queue_position", forecast ? json(forecast->position) : json(nullptr)},
          {"estimated_finish_at", time_or_null(forecast ? forecast->finish_ms : 0)},
          {"wait_reason", active ? text_or_null(live.waiting) : json(nullptr)},
          {"tiles_per_frame", job.tiles},
          {"approval", approval_of(job)}};
}

json to_json(std::vector<store::Job> const& jobs, Dispatcher& dispatcher) {
  std::vector<std::int64_t> ids;
  ids.reserve(jobs.size());
  for (auto const& job : jobs) ids.push_back(job.id);
  std::vector<JobStatus> statuses;
  if (!jobs.empty())
    statuses =
        dispatcher.ask([&ids](DispatchCore const& core, std::int64_t now) { return job_statuses(core, ids, now); });
  statuses.resize(jobs.size());  // none, when the server is stopping
  json items = json::array();
  for (std::size_t i = 0; i < jobs.size(); ++i) items.push_back(to_json(jobs[i], statuses[i]));
  return items;
}

JobService::Publish job_publisher(EventBroker& live, Dispatcher& dispatcher) {
  return [&live, &dispatcher](store::Job const& job) {
    if (!live.has_subscribers()) return live.mark_missed();
    auto patch = to_json(job, job_status_of(dispatcher, job.id));
    for (auto const* foretold : {"boost_factor", "queue_position", "estimated_finish_at"}) patch.erase(foretold);
    publish_job_updated(live, patch);
    publish_submission(live, job.submission != 0 ? job.submission : job.id, job.user);
  };
}

namespace {

// The database knows leases; how far they are the dispatcher knows.
std::string_view task_state_name(std::string_view state) {
  return state == "accepted" ? "finished" : state == "leased" ? "assigned" : state;
}

json outputs_to_json(OutputSpec const& spec, store::Task const& task, TaskPlace place) {
  auto outputs = json::array();
  if (task.output.empty()) return outputs;
  auto const size = output_of(spec, place);
  outputs.push_back(task_output_to_json({.name = task.output,
                                         .size_bytes = task.output_size,
                                         .sha256 = task.output_sha256,
                                         .width = size.width,
                                         .height = size.height}));
  for (auto const& each : task.more_outputs) outputs.push_back(further_output_to_json(each));
  return outputs;
}

}  // namespace

json to_json(store::Job const& job, OutputSpec const& spec, store::Task const& task,
             std::optional<TaskStatus> const& live) {
  int const tile = job.tiles > 1 ? static_cast<int>((task.id - job.first_task) % job.tiles) + 1 : 0;
  bool const finished = task.state == "accepted";
  bool const at_work = live.has_value() && !finished;
  auto const slave = at_work ? live->slave : task.slave;
  // The name in the row is that of the attempt written last, which may not be the one in the air.
  auto const slave_name = slave == task.slave ? task.slave_name : std::string();
  return {{"id", task.id},
          {"frame", task.frame},
          {"tile", number_or_null(tile)},
          {"state", at_work ? phase_name(live->phase) : task_state_name(task.state)},
          {"progress", at_work ? json(live->fraction) : json(nullptr)},
          {"failure_count", task.failures},
          {"slave", named_or_null(slave, slave_name)},
          {"outputs", outputs_to_json(spec, task, {task.frame, tile})},
          {"wall_ms", number_or_null(task.wall_ms)},
          {"cpu_ms", number_or_null(task.cpu_ms)},
          {"finished_at", finished || task.state == "failed" ? text_or_null(task.ended_at) : json(nullptr)},
          {"failure", failure_to_json(task.outcome, task.failure_code, task.reason)},
          {"warnings", rows_of(task.warnings)}};
}

namespace {

json figure_to_json(std::optional<store::TelemetryHour::Figure> const& figure, int parts = 1) {
  if (!figure) return nullptr;
  if (parts == 1) return {{"mean", figure->mean}, {"max", figure->most}};
  return {{"mean", static_cast<double>(figure->mean) / parts}, {"max", static_cast<double>(figure->most) / parts}};
}

}  // namespace

json telemetry_to_json(TelemetryReading const& reading) {
  return {{"sampled_at", iso_time(reading.at_ms)},
          {"state", text_or_null(std::string(reading.state))},
          {"load", or_null(reading.load)},
          {"cpu_percent", or_null(reading.cpu)},
          {"memory_free_mib", or_null(reading.memory_free)},
          {"disk_free_mib", or_null(reading.disk_free)},
          {"temperature_c", or_null(reading.temperature)},
          {"battery_percent", or_null(reading.battery)},
          {"on_battery", reading.on_battery}};
}

json telemetry_to_json(store::TelemetryHour const& hour) {
  return {{"starts_at", iso_time(hour.hour * 3'600'000)},
          {"sample_count", hour.samples},
          {"rendering_count", hour.rendering},
          {"load", figure_to_json(hour.load, 100)},
          {"cpu_percent", figure_to_json(hour.cpu)},
          {"memory_used_mib", figure_to_json(hour.memory_used)},
          {"temperature_c", figure_to_json(hour.temperature)},
          {"min_disk_free_mib", or_null(hour.min_disk_free_mib)}};
}

namespace {

json slave_renderer_to_json(store::MeasuredMethod const& measured_method) {
  auto const& [method, benchmark, power, benchmarked_at] = measured_method;
  bool const measured = benchmark > 0;
  return {{"method", method.name},
          {"version", method.version},
          {"build", text_or_null(method.build)},
          {"device", text_or_null(method.device)},
          {"engines", method.engines},
          {"fetched", method.fetched},
          {"benchmark_power", measured ? decimal(benchmark) : json(nullptr)},
          {"power", measured ? decimal(power) : json(nullptr)},
          {"benchmarked_at", measured ? text_or_null(benchmarked_at) : json(nullptr)}};
}

// With every member; null: not requested, or any.
json remote_settings_to_json(json const& settings) {
  json out = json::object();
  for (auto const* name : {"threads", "memory_mib", "max_frame_ms", "schedule", "paused"})
    out[name] = settings.value(name, json());
  return out;
}

json effective_settings_to_json(std::string const& text) {
  auto const settings = json::parse(text, nullptr, false);
  if (!settings.is_object()) return nullptr;
  auto effective = remote_settings_to_json(settings);
  if (effective["schedule"].is_null()) effective["schedule"] = json::array();
  effective["problems"] = settings.value("problems", json::array());
  return effective;
}

json current_tasks_to_json(std::vector<CurrentTask> const& tasks) {
  auto items = json::array();
  for (auto const& each : tasks)
    items.push_back({{"job_id", each.job}, {"task_id", each.task}, {"frame", each.frame}, {"progress", each.fraction}});
  return items;
}

}  // namespace

json slave_to_json(store::Slave const& slave, SlaveStatus const& status,
                   std::optional<TelemetryReading> const& telemetry, bool address) {
  auto const requested = json::parse(slave.remote_settings, nullptr, false);
  auto renderers = json::array();
  for (auto const& method : slave.methods) renderers.push_back(slave_renderer_to_json(method));
  return {{"id", slave.id},
          {"revision", slave.revision},
          {"name", slave.name},
          {"owner", named_or_null(slave.user, slave.user_name)},
          {"slavekey", slave.slavekey},
          {"state", slave_state_name(slave.state)},
          {"online", status.online},
          {"software", status.software_name.empty()
                           ? json(nullptr)
                           : json{{"name", status.software_name}, {"version", status.software_version}}},
          {"os", text_or_null(slave.os)},
          {"cpu_model", text_or_null(slave.cpu)},
          {"cores", number_or_null(slave.cores)},
          {"memory_mib", number_or_null(slave.memory_mib)},
          {"gpus", slave.gpus},
          {"address", address ? text_or_null(slave.address) : json(nullptr)},
          {"remote_settings",
           {{"requested", remote_settings_to_json(requested.is_object() ? requested : json::object())},
            {"effective", effective_settings_to_json(status.settings)}}},
          {"telemetry", telemetry ? telemetry_to_json(*telemetry) : json(nullptr)},
          {"renderers", std::move(renderers)},
          {"created_at", slave.created_at},
          {"last_seen_at", text_or_null(slave.last_seen_at)},
          {"frames_finished", slave.frames_accepted},
          {"current_tasks", current_tasks_to_json(status.tasks)}};
}

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) return std::nullopt;
  return value;
}

}  // namespace distren
