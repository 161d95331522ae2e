// The render log of a frame: live from the slave that renders it, else that of its last failed attempt.
#include <fmt/format.h>

#include "common/base/files.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/dispatch/log_requests.h"
#include "server/storage/job_folder.h"

namespace distren {

Reply handle_show_task_log(Request const&, Context& context) {
  auto const found = find_accessible_task(context);
  if (!found) return error_reply(found.error());
  auto const kept = log_file(context.services.config.stor, found->job.id, found->task);
  auto const start = [&dispatcher = context.services.dispatcher, kept,
                      task = found->task](std::shared_ptr<Responder> answer) {
    auto const on_log = [answer, kept, task](std::optional<std::string> const& live) {
      if (live) return answer->send(json_reply(200, {{"task_id", task}, {"live", true}, {"text", *live}}));
      auto const text = read_file(kept, 2 * log_limit);
      if (!text)
        return answer->send(error_reply(404,
                                        "nothing is known of this frame's renderer: it is not being rendered now, "
                                        "and it has not failed"));
      answer->send(json_reply(200, {{"task_id", task}, {"live", false}, {"text", *text}}));
    };
    dispatcher.tell([task, on_log](DispatchCore& core, std::int64_t now) { request_log(core, task, on_log, now); });
  };
  Reply reply;
  reply.body = DeferredReply{start};
  return reply;
}

}  // namespace distren
