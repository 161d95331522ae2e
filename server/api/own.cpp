#include "server/api/own.h"

#include <fmt/format.h>

namespace distren {

Result<store::Job> find_own_job(Context& context) {
  auto const id = context.id();
  if (!id) return id.error();
  auto job = store::show_job(context.database(), *id);
  if (job && context.caller.may_touch(job->user)) return job;
  if (!job && job.error().code != Errc::not_found) return job;
  return fail(Errc::not_found, fmt::format("you have no job {}", *id));
}

Result<store::Slave> find_own_slave(Context& context) {
  auto const id = context.id();
  if (!id) return id.error();
  auto slave = store::show_slave(context.database(), *id);
  if (slave && context.caller.may_touch(slave->user)) return slave;
  if (!slave && slave.error().code != Errc::not_found) return slave;
  return fail(Errc::not_found, fmt::format("you have no slave {}", *id));
}

}  // namespace distren
