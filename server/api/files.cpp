#include <fmt/format.h>

#include "common/digest.h"
#include "common/files.h"
#include "common/text.h"
#include "server/api/handlers.h"
#include "server/http/file_reply.h"
#include "server/http/json_body.h"
#include "server/services.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"

namespace distren {

namespace {

constexpr std::size_t most_digests = 10000;

}  // namespace

Reply handle_missing_blobs(Request const& request, Context& context) {
  auto body = JsonBody::parse(request.body);
  if (!body) return error_reply(body.error());
  std::vector<std::string> digests;
  body->read_texts("sha256", JsonBody::required, digests, most_digests);
  for (auto const& digest : digests) {
    if (!is_sha256_hex(digest)) {
      body->problem(fmt::format("sha256: '{}' is not 64 lower-case hexadecimal digits", printable(digest, 70)));
    }
  }
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  if (digests.empty()) return json_reply(200, {{"missing", nlohmann::json::array()}});
  auto missing = store::missing_blobs(context.database(), context.caller.user.id, digests);
  if (!missing) return error_reply(missing.error());
  return json_reply(200, {{"missing", *missing}});
}

Reply handle_blob(Request const& request, Context& context) {
  auto const sha256 = std::string(context.value("sha256"));
  if (!is_sha256_hex(sha256)) return error_reply(404, "there is no such file here");
  return file_reply(request, {.path = context.services.blobs.path_of(sha256),
                              .content_type = "application/octet-stream",
                              .tag = fmt::format("\"{}\"", sha256),
                              .download_name = {},
                              .cache_control = "private, max-age=31536000, immutable"});
}

Reply handle_file_list(Request const&, Context& context) {
  auto const job = context.id();
  if (!job) return error_reply(job.error());
  auto const files = store::list_job_files(context.database(), *job);
  if (!files) return error_reply(files.error());
  Services const& services = context.services;
  std::int64_t const expires = services.now_s() + services.config.times.signed_url;
  nlohmann::json list = nlohmann::json::array();
  for (auto const& file : *files)
    list.push_back({{"path", file.path},
                    {"size", file.size},
                    {"sha256", file.sha256},
                    {"url", blob_url(services.signer, file.sha256, 0, expires)}});
  return json_reply(200, {{"files", std::move(list)}});
}

Reply handle_output_file(Request const& request, Context& context) {
  auto const job = context.id();
  if (!job) return error_reply(job.error());
  auto const name = std::string(context.value("name"));
  if (!check_relative_path(name) || name.find('/') != std::string::npos) {
    return error_reply(404, "there is no such file here");
  }
  // The signature covers the digest that the task's row had: the tag is exact without reading the file.
  auto const digest = std::string(request.parameter("sha256").value_or(""));
  return file_reply(request, {.path = output_folder(context.services.config.stor, *job) / name,
                              .content_type = std::string(content_type_of(name)),
                              .tag = is_sha256_hex(digest) ? fmt::format("\"{}\"", digest) : std::string(),
                              .download_name = {},
                              .cache_control = "private, no-cache"});
}

}  // namespace distren
