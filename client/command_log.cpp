// log [logs]: a frame's render log, live or of its last failed attempt.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "client/context.h"
#include "client/fields.h"

namespace distren::client {
namespace {

struct LogRequest {
  std::int64_t job = 0;
  std::int64_t frame = 0;
};

Result<int> show_log(Context const& context, LogRequest const& request) {
  auto session = context.session();
  if (!session) return session.error();
  auto const path = fmt::format("/api/v1/jobs/{}/tasks", request.job);
  auto const what = fmt::format("job {}", request.job);
  std::optional<std::int64_t> task;
  auto const listed = session->each_item(path + "?limit=1000", what, [&](Json const& each) {
    if (number_of(each, "frame") == request.frame) task = number_of(each, "id");
    return !task;
  });
  if (!listed) return listed.error();
  if (!task) return fail(Errc::not_found, fmt::format("job {} has no frame {}", request.job, request.frame));
  auto const log =
      session->get(fmt::format("/api/v1/tasks/{}/log", *task), fmt::format("the log of frame {}", request.frame));
  if (!log) return log.error();
  context.print(*log, text_of(*log, "text"));
  return exit_ok;
}

}  // namespace

void add_log_command(CLI::App& app, Context& context) {
  auto const request = std::make_shared<LogRequest>();
  auto* command = app.add_subcommand("log", "Show a frame's render log: live, or of its last failed attempt");
  command->alias("logs");
  command->add_option("JOB", request->job, "Number of the job")->required()->check(CLI::PositiveNumber);
  command->add_option("FRAME", request->frame, "Number of the frame")->required();
  command->callback([&context, request] { context.run = [&context, request] { return show_log(context, *request); }; });
}

}  // namespace distren::client
