// log: what the renderer of a frame says, or said before it failed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "client/context.h"
#include "client/fields.h"

namespace distren::client {
namespace {

struct Wanted {
  std::int64_t job = 0;
  std::int64_t frame = 0;
};

Result<int> show_log(Context const& context, Wanted const& wanted) {
  auto session = context.session();
  if (!session) return session.error();
  auto const path = fmt::format("/api/v1/jobs/{}/tasks", wanted.job);
  auto const what = fmt::format("job {}", wanted.job);
  std::optional<std::int64_t> task;
  auto const listed = session->each_item(path + "?limit=1000", "after", what, [&](Json const& each) {
    if (number_of(each, "frame") == wanted.frame) task = number_of(each, "id");
    return !task;
  });
  if (!listed) return listed.error();
  if (!task) return fail(Errc::not_found, fmt::format("job {} has no frame {}", wanted.job, wanted.frame));
  auto const log =
      session->get(fmt::format("{}/{}/log", path, *task), fmt::format("the log of frame {}", wanted.frame));
  if (!log) return log.error();
  context.print(*log, text_of(*log, "text"));
  return exit_ok;
}

}  // namespace

void add_log_command(CLI::App& app, Context& context) {
  auto const wanted = std::make_shared<Wanted>();
  auto* command = app.add_subcommand("log", "Show what a frame's renderer says now, or said before it failed");
  command->add_option("JOB", wanted->job, "The job's number")->required()->check(CLI::PositiveNumber);
  command->add_option("FRAME", wanted->frame, "The frame's number")->required();
  command->callback([&context, wanted] { context.run = [&context, wanted] { return show_log(context, *wanted); }; });
}

}  // namespace distren::client
