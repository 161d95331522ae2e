// Frames as the pages show them: with a login instead of a signed address, and small where small will do.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/api/access.h"
#include "server/api/concurrency_limiter.h"
#include "server/api/handlers.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/http/file_reply.h"
#include "server/media/thumbnail.h"
#include "server/storage/job_folder.h"
#include "server/storage/staged_results.h"

namespace distren {

namespace {

ConcurrencyLimiter thumbnails;

// Pixels of the longer side of a thumbnail.
Result<int> read_size(Request const& request) {
  auto const text = request.parameter("size").value_or("256");
  if (text == "256") return 256;
  if (text == "1024") return 1024;
  return fail(Errc::invalid, fmt::format("size: {} is not one; use 256 or 1024", printable(text, 20)));
}

// One of the frame's files; the first unless the request names another.
std::optional<StagedFile> chosen_output(Request const& request, store::Task const& task) {
  auto const name = request.parameter("output");
  if (!name || *name == task.output) return StagedFile{task.output, task.output_sha256};
  auto const found = std::ranges::find(task.more_outputs, *name, &store::FurtherOutput::name);
  if (found == task.more_outputs.end()) return std::nullopt;
  return StagedFile{found->name, found->sha256};
}

// size 0: as it was rendered.
Reply image_reply(Request const& request, Context& context, store::Job const& job, StagedFile const& output, int size) {
  auto const& config = context.services.config;
  context.services.results.staged().place(job.id, output.name, output.sha256);
  auto const frame = output_folder(config.stor, job.id) / output.name;
  // Cacheable forever when the URL names the version, to be revalidated otherwise.
  auto const version = request.parameter("version").value_or("");
  FileToSend file{.path = frame,
                  .content_type = std::string(content_type_of(output.name)),
                  .tag = fmt::format("\"{}-{}\"", output.sha256, size),
                  .download_name = {},
                  .cache_control = version.empty() ? "private, no-cache" : "private, max-age=31536000, immutable"};
  if (size == 0) return file_reply(request, file);
  if (!is_sha256_hex(output.sha256)) return error_reply(404, "there is no such image");
  file.content_type = "image/jpeg";
  file.path = thumbnail_file(job_folder(config.stor, job.id), output.sha256, size);
  std::error_code ignored;
  if (!matches_tag(request.header("if-none-match"), file.tag) && !std::filesystem::exists(file.path, ignored)) {
    int const max_total = std::max(1, config.limits.worker_threads / 2);
    auto const permit = thumbnails.try_acquire(context.caller.user.id, max_total, max_total);
    if (!permit) return busy_reply("busy", "many images are being created; retry in a moment", 1000);
    auto const made = make_thumbnail({config.image_program, config.sandbox != "off"}, frame, file.path, size);
    if (!made) return error_reply(made.error());
  }
  return file_reply(request, file);
}

Reply answer_task(Request const& request, Context& context, store::Job const& job, std::int64_t task, int size) {
  auto const found = store::list_tasks(context.database(), job.id, task - 1, 1);
  if (!found) return error_reply(found.error());
  if (found->empty() || found->front().id != task || found->front().output.empty() ||
      found->front().state != "accepted") {
    return error_reply(404, "this frame is not finished yet");
  }
  auto const output = chosen_output(request, found->front());
  if (!output) return error_reply(404, "this frame has no file of that name");
  return image_reply(request, context, job, *output, size);
}

Reply task_image(Request const& request, Context& context, int size) {
  auto const found = find_accessible_task(context);
  if (!found) return error_reply(found.error());
  return answer_task(request, context, found->job, found->task, size);
}

// Of the frame that was finished last.
Reply job_image(Request const& request, Context& context, int size) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const task = store::latest_accepted(context.database(), job->id);
  if (!task) return error_reply(task.error());
  if (*task == 0) return error_reply(404, fmt::format("no frame of job {} is finished yet", job->id));
  return answer_task(request, context, *job, *task, size);
}

}  // namespace

Reply handle_fetch_task_image(Request const& request, Context& context) {
  return task_image(request, context, 0);
}

Reply handle_fetch_task_thumbnail(Request const& request, Context& context) {
  auto const size = read_size(request);
  return size ? task_image(request, context, *size) : error_reply(size.error());
}

Reply handle_fetch_job_image(Request const& request, Context& context) {
  return job_image(request, context, 0);
}

Reply handle_fetch_job_thumbnail(Request const& request, Context& context) {
  auto const size = read_size(request);
  return size ? job_image(request, context, *size) : error_reply(size.error());
}

Reply handle_list_inputs(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const files = store::list_job_files(context.database(), job->id);
  if (!files) return error_reply(files.error());
  auto items = nlohmann::json::array();
  for (auto const& file : *files)
    items.push_back({{"path", file.path}, {"sha256", file.sha256}, {"size_bytes", file.size}});
  return whole_list_reply(std::move(items));
}

}  // namespace distren
