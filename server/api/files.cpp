#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "common/protocol/codec.h"
#include "common/protocol/order.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/http/file_reply.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "server/submit/plan.h"

namespace distren {

namespace {

constexpr std::size_t max_digests = 10000;

// The finished images of the job that this one depends on, as files of this one.
Result<void> add_output(Context& context, store::Job const& job, std::int64_t expires, protocol::InputList& list) {
  std::vector<store::Task> tasks;
  auto const read = store::for_each_finished_task(context.database(), job.after,
                                                  [&](store::Task const& task) { tasks.push_back(task); });
  if (!read) return read.error();
  bool const numbered = job.source.starts_with(in_a_row);
  if (numbered) std::ranges::stable_sort(tasks, {}, &store::Task::frame);
  int number = 0;
  for (auto const& task : tasks) {
    auto const extension = std::filesystem::path(task.output).extension().string();
    list.inputs.push_back({numbered ? fmt::format("{}{:07}{}", in_a_row, ++number, extension) : "output/" + task.output,
                           task.output_sha256, task.output_size,
                           output_url(context.services.signer, job.after, task.output, task.output_sha256, expires)});
  }
  return {};
}

}  // namespace

Reply handle_find_missing_blobs(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::vector<std::string> digests;
  body->read_texts("sha256", JsonBody::required, digests, max_digests);
  for (auto const& digest : digests) {
    if (!is_sha256_hex(digest)) {
      body->problem("sha256", "bad_format",
                    fmt::format("sha256: '{}' is not 64 lower-case hexadecimal digits", printable(digest, 70)));
    }
  }
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (digests.empty()) return json_reply(200, {{"missing", nlohmann::json::array()}});
  auto missing = store::missing_blobs(context.database(), context.caller.user.id, digests);
  if (!missing) return error_reply(missing.error());
  return json_reply(200, {{"missing", *missing}});
}

Reply handle_fetch_blob(Request const& request, Context& context) {
  auto const sha256 = std::string(context.value("sha256"));
  if (!is_sha256_hex(sha256)) return error_reply(404, "there is no such file here");
  return file_reply(request, {.path = context.services.blobs.path_of(sha256),
                              .content_type = "application/octet-stream",
                              .tag = fmt::format("\"{}\"", sha256),
                              .download_name = {},
                              .cache_control = "private, max-age=31536000, immutable"});
}

Reply handle_fetch_inputs(Request const&, Context& context) {
  auto const job = context.id();
  if (!job) return error_reply(job.error());
  auto const files = store::list_job_files(context.database(), *job);
  if (!files) return error_reply(files.error());
  Services const& services = context.services;
  std::int64_t const expires = services.now_s() + services.config.times.signed_url_seconds;
  protocol::InputList list;
  for (auto const& file : *files)
    list.inputs.push_back({file.path, file.sha256, file.size, blob_url(services.signer, file.sha256, 0, expires)});
  auto const made_of = store::show_job(context.database(), *job);
  if (!made_of) return error_reply(made_of.error());
  if (made_of->after != 0) {
    if (auto const added = add_output(context, *made_of, expires, list); !added) return error_reply(added.error());
  }
  if (list.inputs.size() > protocol::limits::max_inputs)
    return error_reply(fail(Errc::conflict, fmt::format("job {} is made of {} files; a slave takes {}", *job,
                                                        list.inputs.size(), protocol::limits::max_inputs)));
  return text_reply(200, "application/json", protocol::write_members(list) + "\n");
}

Reply handle_fetch_output(Request const& request, Context& context) {
  auto const job = context.id();
  if (!job) return error_reply(job.error());
  auto const file = context.value("name");
  auto const folder = request.parameter("folder");
  auto const name = folder ? fmt::format("{}/{}", *folder, file) : std::string(file);
  if (!check_relative_path(name) || file.find('/') != std::string_view::npos) {
    return error_reply(404, "there is no such file here");
  }
  // The signature covers the digest that the task's row had: the tag is exact without reading the file.
  auto const digest = std::string(request.parameter("sha256").value_or(""));
  context.services.results.staged().place(*job, name, digest);
  return file_reply(
      request, {.path = output_folder(context.services.config.stor, *job) / name,
                .content_type = std::string(content_type_of(name)),
                .tag = is_sha256_hex(digest) ? fmt::format("\"{}\"", digest) : std::string(),
                .download_name = {},
                .cache_control = is_sha256_hex(digest) ? "private, max-age=31536000, immutable" : "private, no-cache"});
}

}  // namespace distren
