// Renderers that the grid delivers to its slaves. Whoever is logged in sees which there are; administrators add,
// disable and remove them, and see who uses them.
#include <fmt/format.h>

#include <shared_mutex>

#include "common/base/digest.h"
#include "common/base/json_body.h"
#include "common/base/text.h"
#include "common/protocol/renderers.h"
#include "server/api/concurrency_limiter.h"
#include "server/api/handlers.h"
#include "server/api/json.h"
#include "server/api/list.h"
#include "server/api/services.h"
#include "server/dispatch/delivered_renderers.h"
#include "server/jobs/job_service.h"
#include "server/jobs/renderer_list.h"
#include "server/store/renderers.h"
#include "server/submit/job_inspection.h"
#include "server/submit/renderer_archive.h"

namespace distren {

namespace {

using nlohmann::json;

json to_json(store::Renderer const& renderer) {
  return {{"id", renderer.id},
          {"revision", renderer.revision},
          {"method", renderer.method},
          {"version", renderer.version},
          {"build", renderer.build},
          {"file_name", renderer.file_name},
          {"platform", renderer.platform},
          {"layout", renderer.layout},
          {"size_bytes", renderer.size_bytes},
          {"unpacked_bytes", renderer.unpacked_bytes},
          {"enabled", renderer.enabled},
          {"added_by", named_or_null(renderer.user, renderer.user_name)},
          {"created_at", renderer.created_at},
          {"slave_count", renderer.slave_count},
          {"job_count", renderer.job_count}};
}

std::optional<Reply> not_administrator(Context const& context) {
  if (context.caller.administers()) return std::nullopt;
  return error_reply("forbidden", "administrators decide which renderers the grid delivers");
}

// With who uses it.
Reply renderer_reply(Context& context, std::int64_t id, int status) {
  auto const renderer = store::show_renderer(context.database(), id);
  if (!renderer) return error_reply(renderer.error());
  auto const users = store::list_renderer_users(context.database(), context.caller.user.id, id);
  if (!users) return error_reply(users.error());
  auto answer = to_json(*renderer);
  answer["slaves"] = json::array();
  answer["jobs"] = json::array();
  for (auto const& each : *users) {
    if (each.is_job)
      answer["jobs"].push_back({{"id", each.id}, {"name", each.name}, {"state", each.state}});
    else
      answer["slaves"].push_back({{"id", each.id}, {"name", each.name}, {"fetched", each.state == "fetched"}});
  }
  return json_reply(status, answer);
}

struct Wanted {
  std::string sha256{}, file_name{}, method = "blender";
};

Result<Wanted> read_wanted(Context const& context, std::string_view text) {
  auto body = JsonBody::parse(text);
  if (!body) return body.error();
  Wanted wanted;
  if (body->read("sha256", JsonBody::required, wanted.sha256, 64) && !is_sha256_hex(wanted.sha256))
    body->problem("sha256", "bad_format",
                  fmt::format("sha256: '{}' is not 64 lower-case hexadecimal digits", printable(wanted.sha256, 70)));
  if (body->read("file_name", JsonBody::required, wanted.file_name, 200) &&
      (wanted.file_name.empty() || printable(wanted.file_name) != wanted.file_name))
    body->problem("file_name", "bad_format",
                  fmt::format("file_name: '{}' is empty or has characters that cannot be shown",
                              printable(wanted.file_name, 60)));
  if (body->read("method", JsonBody::optional, wanted.method, 64) && !context.services.methods.contains(wanted.method))
    body->problem("method", "bad_format",
                  fmt::format("method: '{}' is not known to this grid", printable(wanted.method, 60)));
  if (auto const finished = body->finish(); !finished) return finished.error();
  return wanted;
}

ArchiveReader archive_reader(Services const& services) {
  auto const& config = services.config;
  return {.program = config.scene_program,
          .sandboxed = config.sandbox != "off",
          .work = config.stor / "unpacking",
          .max_bytes = config.limits.renderer_bytes,
          .max_entries = config.limits.renderer_entries,
          .max_ratio = config.limits.renderer_ratio};
}

Result<std::int64_t> add_renderer(Context& context, Wanted const& wanted) {
  auto& services = context.services;
  // Uploaded by this administrator: knowing a digest is not owning the file.
  store::JobFile const file{.path = wanted.file_name, .sha256 = wanted.sha256};
  if (auto const there = check_uploaded(context.database(), context.caller.user.id, {file}); !there)
    return there.error();
  auto const found = inspect_archive(archive_reader(services), services.methods.at(wanted.method),
                                     services.blobs.path_of(wanted.sha256), wanted.file_name);
  if (!found) return found.error();
  std::error_code error;
  auto const size = std::filesystem::file_size(services.blobs.path_of(wanted.sha256), error);
  if (error) return fail(Errc::unavailable, "the archive cannot be read; retry");
  protocol::RendererBuild const signed_build{.method = wanted.method,
                                             .version = found->version,
                                             .build = wanted.sha256,
                                             .size_bytes = static_cast<std::int64_t>(size),
                                             .unpacked_bytes = found->unpacked_bytes,
                                             .platform = found->platform};
  auto const signature = services.renderer_key.sign(protocol::signed_text(signed_build));
  return store::create_renderer(context.database(), context.caller.user.id,
                                {.method = wanted.method,
                                 .version = found->version,
                                 .build = wanted.sha256,
                                 .file_name = wanted.file_name,
                                 .platform = found->platform,
                                 .layout = found->layout,
                                 .unpacked_bytes = found->unpacked_bytes,
                                 .signature = to_hex(signature.data(), signature.size())});
}

// To the dispatcher, which tells the slaves.
void tell_list(Context& context) {
  auto& services = context.services;
  tell_renderers(context.database(), services.dispatcher, services.renderer_key.public_key());
}

}  // namespace

Reply handle_list_renderers(Request const&, Context& context) {
  auto const renderers = store::list_renderers(context.database());
  if (!renderers) return error_reply(renderers.error());
  auto items = json::array();
  for (auto const& each : *renderers) items.push_back(to_json(each));
  return whole_list_reply(std::move(items));
}

Reply handle_show_renderer(Request const&, Context& context) {
  if (auto refused = not_administrator(context)) return std::move(*refused);
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  return renderer_reply(context, *id, 200);
}

Reply handle_create_renderer(Request const& request, Context& context) {
  if (auto refused = not_administrator(context)) return std::move(*refused);
  static ConcurrencyLimiter archives;  // each unpacks gigabytes
  auto const permit = archives.try_acquire(context.caller.user.id, 1, 1);
  if (!permit) return busy_reply("rate_limited", "another archive is being unpacked; retry in a minute", 30'000);
  auto const wanted = read_wanted(context, request.body);
  if (!wanted) return error_reply(wanted.error());
  auto const made = add_renderer(context, *wanted);
  if (!made) return error_reply(made.error());
  tell_list(context);
  return renderer_reply(context, *made, 201).with("Location", fmt::format("/api/v1/renderers/{}", *made));
}

Reply handle_change_renderer(Request const& request, Context& context) {
  if (auto refused = not_administrator(context)) return std::move(*refused);
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto body = JsonBody::parse_patch(request.body);
  if (!body) return error_reply(body.error());
  bool enabled = true;
  body->read("enabled", JsonBody::required, enabled);
  if (auto const finished = body->finish(); !finished) return error_reply(finished.error());
  auto const changed = store::change_renderer(context.database(), context.caller.user.id, *id, enabled);
  if (!changed) return error_reply(changed.error());
  return renderer_reply(context, *id, 200);
}

Reply handle_delete_renderer(Request const& request, Context& context) {
  if (auto refused = not_administrator(context)) return std::move(*refused);
  auto const id = context.id();
  if (!id) return error_reply(id.error());
  auto const jobs = request.parameter("jobs").value_or("");
  if (!jobs.empty() && jobs != "pause")
    return error_reply(400, fmt::format("jobs={} is not: pause", printable(jobs, 30)));
  auto const done =
      context.services.jobs.remove_renderer(context.database(), context.caller.user.id, *id, jobs == "pause");
  if (!done) return error_reply(done.error());
  tell_list(context);
  return empty_reply(204);
}

}  // namespace distren
