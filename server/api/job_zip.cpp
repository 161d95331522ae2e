// All finished frames of a job in one archive, made while it is sent. The page asks with its login for an address that
// is good for a while; whoever has that needs no login, as for single frames.
#include <fmt/format.h>

#include <memory>

#include "common/base/text.h"
#include "common/http/percent_encoding.h"
#include "server/api/access.h"
#include "server/api/handlers.h"
#include "server/api/services.h"
#include "server/storage/job_folder.h"
#include "server/storage/signed_urls.h"
#include "server/storage/zip_stream.h"

namespace distren {

namespace {

constexpr std::size_t longest_name = 100;  // bytes

// A name that every file system takes; beyond ASCII letters stay as they are.
std::string file_name(std::string_view name) {
  std::string out;
  for (char const c : name) {
    auto const byte = static_cast<unsigned char>(c);
    bool const kept = byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                      (byte >= 'A' && byte <= 'Z') || c == ' ' || c == '.' || c == '_' || c == '-';
    if (kept) {
      out.push_back(c);
    } else if (out.empty() || out.back() != '_') {
      out.push_back('_');
    }
  }
  out.erase(0, std::min(out.find_first_not_of(". "), out.size()));
  if (out.size() > longest_name) {
    auto end = longest_name;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;  // no half letter
    out.resize(end);
  }
  return out.empty() ? "frames" : out;
}

Result<std::unique_ptr<ZipStream>> frames_of(Context& context, std::int64_t job) {
  auto zip = std::make_unique<ZipStream>(output_folder(context.services.config.stor, job), context.services.now_s());
  auto const walked = store::for_each_finished_task(context.database(), job, [&](store::Task const& task) {
    context.services.results.staged().place(job, task.output, task.output_sha256);
    zip->add(task.output, task.output_size);
    for (auto const& each : task.more_outputs) {
      context.services.results.staged().place(job, each.name, each.sha256);
      zip->add(each.name, each.size);
    }
  });
  if (!walked) return walked.error();
  if (zip->files() == 0) return fail(Errc::not_found, fmt::format("no frame of job {} is finished yet", job));
  return zip;
}

}  // namespace

Reply handle_show_archive(Request const&, Context& context) {
  auto const job = find_accessible_job(context);
  if (!job) return error_reply(job.error());
  auto const zip = frames_of(context, job->id);
  if (!zip) return error_reply(zip.error());
  auto const name = file_name(job->name) + ".zip";
  auto const expires = context.services.now_s() + context.services.config.times.signed_url_seconds;
  return json_reply(200, {{"name", name},
                          {"file_count", (*zip)->files()},
                          {"size_bytes", (*zip)->length()},
                          {"url", zip_url(context.services.signer, job->id, name, expires)}});
}

Reply handle_fetch_archive(Request const&, Context& context) {
  auto const job = context.id();
  if (!job) return error_reply(job.error());
  auto zip = frames_of(context, *job);
  if (!zip) return error_reply(zip.error());
  auto const length = (*zip)->length();
  Reply reply;
  reply.with("Content-Type", "application/zip")
      .with("Content-Disposition",
            fmt::format("attachment; filename*=UTF-8''{}", percent_encode(printable(context.value("name")))))
      .with("Accept-Ranges", "none");
  reply.body = GeneratedBody{std::move(*zip), length};
  return reply;
}

}  // namespace distren
