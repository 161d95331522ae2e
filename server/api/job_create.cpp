#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unordered_map>
#include <unordered_set>

#include "common/text.h"
#include "server/api/blend_check.h"
#include "server/api/handlers.h"
#include "server/api/job_request.h"
#include "server/api/maintenance.h"
#include "server/api/shapes.h"
#include "server/services.h"
#include "server/storage/job_folder.h"

namespace distren {

namespace {

constexpr std::size_t digests_at_once = 10000;

// conflict: names some of the files that this user has not uploaded. Looking into a file that somebody else uploaded
// would tell its content to everyone who knows its digest.
Result<void> check_uploaded(Database& database, std::int64_t user, std::vector<store::JobFile> const& files) {
  std::unordered_map<std::string, std::string_view> paths;
  std::vector<std::string> digests;
  for (auto const& file : files) {
    if (paths.emplace(file.sha256, file.path).second) digests.push_back(file.sha256);
  }
  std::vector<std::string> missing;
  for (std::size_t begin = 0; begin < digests.size(); begin += digests_at_once) {
    auto const end = std::min(begin + digests_at_once, digests.size());
    auto part = store::missing_blobs(
        database, user,
        {digests.begin() + static_cast<std::ptrdiff_t>(begin), digests.begin() + static_cast<std::ptrdiff_t>(end)});
    if (!part) return std::move(part).error();
    missing.insert(missing.end(), part->begin(), part->end());
  }
  if (missing.empty()) return {};
  std::vector<std::string> some;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, missing.size()); ++i) {
    some.push_back(printable(paths[missing[i]], 200));
  }
  return fail(Errc::conflict, fmt::format("{} of the files {} not uploaded yet: {}{}; upload them first",
                                          missing.size(), missing.size() == 1 ? "is" : "are", fmt::join(some, ", "),
                                          missing.size() > some.size() ? ", ..." : ""));
}

// What only a look into the source tells.
Result<void> add_findings(Services const& services, JobRequest& request) {
  auto& job = request.job;
  auto const& method = services.methods.at(job.method);
  BlendFindings findings;
  if (job.method == "blender") {
    std::unordered_map<std::string_view, std::string_view> digests;
    for (auto const& file : job.files) digests.emplace(file.path, file.sha256);
    auto found = check_blend(method, job.source, request.parameters, job.files, [&](std::string_view path) {
      auto const place = digests.find(path);
      return place == digests.end() ? std::filesystem::path() : services.blobs.path_of(place->second);
    });
    if (!found) return std::move(found).error();
    findings = std::move(*found);
  } else {
    auto const format = method.formats.empty() ? RenderMethod::Format{"PNG", "png"} : method.formats.front();
    findings.output = {{"format", format.name}, {"pattern", fmt::format("%0{}d.{}", method.digits, format.extension)}};
    findings.parameters = request.parameters;
    findings.version = "0";
  }
  job.parameters = to_text(findings.parameters);
  job.output = to_text(findings.output);
  job.version = findings.version;
  job.warnings = to_text(findings.warnings);
  return {};
}

void undo(Context& context, std::int64_t job) {
  auto done = store::cancel_job(context.database(), job, "its files could not be put in place");
  if (done) done = store::delete_job(context.database(), job);
  if (!done) spdlog::error("job {} could not be taken back: {}", job, done.error().message);
  if (auto const removed = remove_job_folder(context.services.config.stor, job); !removed) {
    spdlog::error("{}", removed.error().message);
  }
}

}  // namespace

Reply handle_create_job(Request const& request, Context& context) {
  auto& services = context.services;
  auto const& limits = services.config.limits;
  auto wanted = read_job_request(
      request.body, services.methods,
      {.frames = limits.frames_per_job, .files = limits.files_per_job, .file_bytes = limits.upload_bytes});
  if (!wanted) return error_reply(wanted.error());
  auto& job = wanted->job;
  job.user = context.caller.user.id;
  if (auto const uploaded = check_uploaded(context.database(), job.user, job.files); !uploaded) {
    return error_reply(uploaded.error());
  }
  if (auto const looked = add_findings(services, *wanted); !looked) return error_reply(looked.error());

  auto const id = store::create_job(context.database(), job);
  if (!id) return error_reply(id.error());
  // Its number names its folder, so the row comes first. A kill in between is mended at the next start from the blobs,
  // which are durable (restore_job_folders); nothing of the job is given out before its folder is there.
  if (auto const placed = place_job_files(services.config.stor, *id, services.blobs, job.files); !placed) {
    spdlog::error("job {}: {}", *id, placed.error().message);
    undo(context, *id);
    return error_reply(507, "the server cannot store the job's files now, its disk may be full; try again later");
  }
  if (auto const loaded = hand_to_dispatcher(services, context.database(), *id); !loaded) {
    spdlog::warn("job {} could not be handed to the dispatcher yet: {}", *id, loaded.error().message);
  }
  auto const created = store::show_job(context.database(), *id);
  if (!created) return error_reply(created.error());
  return json_reply(201, job_shape(*created, services.dispatcher.job_live(*id)));
}

}  // namespace distren
