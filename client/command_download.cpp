// download [fetch]: fetches a job's frames into a local folder.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "client/context.h"
#include "client/fetch_output.h"
#include "client/validators.h"
#include "common/render/frame_range.h"

namespace distren::client {
namespace {

struct DownloadRequest {
  std::int64_t job = 0;
  std::string folder;
  std::string frames;
};

Result<int> download_job(Context const& context, DownloadRequest const& request) {
  std::vector<int> frames;
  if (!request.frames.empty()) {
    auto parsed = parse_frames(request.frames);
    if (!parsed) return parsed.error();
    frames = *std::move(parsed);
  }
  auto session = context.session();
  if (!session) return session.error();
  auto const id = fmt::to_string(request.job);
  std::filesystem::path const folder = request.folder.empty() ? "job" + id : request.folder;
  auto fetched = fetch_output(*session, id, frames, folder);
  if (!fetched) return fetched.error();
  return report_fetched(context, *fetched, folder);
}

}  // namespace

void add_download_command(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("download", "Download a job's frames; skip those that are here already");
  auto request =
      std::make_shared<DownloadRequest>();  // shared with the callback, which runs after this function has returned
  command->alias("fetch");
  command->add_option("JOB", request->job, "Number of the job")->required()->check(CLI::PositiveNumber);
  command->add_option("DIR", request->folder, "Destination folder (default jobN)");
  command->add_option("--frames", request->frames, "Frames to download, like 1-10,20,30-40x2 (default all)")
      ->check(frames_validator());
  command->callback(
      [&context, request] { context.run = [&context, request] { return download_job(context, *request); }; });
}

}  // namespace distren::client
