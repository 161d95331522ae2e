#include "server/api/access.h"

#include <fmt/format.h>

namespace distren {

Result<store::Job> find_accessible_job(Context& context) {
  auto const id = context.id();
  if (!id) return id.error();
  auto job = store::show_job(context.database(), *id);
  if (job && context.caller.may_access(job->user)) return job;
  if (!job && job.error().code != Errc::not_found) return job;
  return fail(Errc::not_found, fmt::format("you have no job {}", *id));
}

Result<TaskOfJob> find_accessible_task(Context& context) {
  auto const task = context.id();
  if (!task) return task.error();
  auto const missing = [&] { return fail(Errc::not_found, fmt::format("you have no task {}", *task)); };
  auto const id = store::job_of_task(context.database(), *task);
  if (!id) return id.error().code == Errc::not_found ? missing() : id.error();
  auto job = store::show_job(context.database(), *id);
  if (job && context.caller.may_access(job->user)) return TaskOfJob{*task, std::move(*job)};
  return job || job.error().code == Errc::not_found ? missing() : job.error();
}

Result<store::Slave> find_accessible_slave(Context& context) {
  auto const id = context.id();
  if (!id) return id.error();
  auto slave = store::show_slave(context.database(), *id);
  if (slave && context.caller.may_access(slave->user)) return slave;
  if (!slave && slave.error().code != Errc::not_found) return slave;
  return fail(Errc::not_found, fmt::format("you have no slave {}", *id));
}

Result<store::Project> find_accessible_project(Context& context) {
  auto const id = context.id();
  if (!id) return id.error();
  auto project = store::show_project(context.database(), *id);
  if (project && context.caller.may_access(project->user)) return project;
  if (!project && project.error().code != Errc::not_found) return project;
  return fail(Errc::not_found, fmt::format("you have no project {}", *id));
}

Result<store::Shot> find_accessible_shot(Context& context) {
  auto const id = context.id();
  if (!id) return id.error();
  auto shot = store::show_shot(context.database(), *id);
  if (shot && context.caller.may_access(shot->user)) return shot;
  if (!shot && shot.error().code != Errc::not_found) return shot;
  return fail(Errc::not_found, fmt::format("you have no shot {}", *id));
}

}  // namespace distren
