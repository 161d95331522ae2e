#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <shared_mutex>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "common/render/output_names.h"
#include "server/api/handlers.h"
#include "server/api/services.h"

namespace distren {

namespace {

using Kind = UploadRejection::Kind;

constexpr std::int64_t largest_part = 4 << 20;
constexpr std::string_view tus_version = "1.0.0";
constexpr std::string_view part_type = "application/offset+octet-stream";

std::string http_date(std::int64_t unix_seconds) {
  std::time_t const time = unix_seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Reply with_tus(Reply reply) {
  return std::move(reply).with("Tus-Resumable", std::string(tus_version));
}

Reply reject(UploadRejection const& rejection) {
  switch (rejection.kind) {
    case Kind::not_found:
      return with_tus(error_reply(404, rejection.message));
    case Kind::offset_differs:
      return with_tus(error_reply("upload_offset_differs", rejection.message));
    case Kind::too_large:
      return with_tus(error_reply(413, rejection.message));
    case Kind::too_long:
      return with_tus(error_reply(400, rejection.message));
    case Kind::checksum:
    case Kind::content:
      return with_tus(error_reply("checksum_mismatch", rejection.message));
    case Kind::disk_full:
      return with_tus(error_reply("disk_full", rejection.message));
    case Kind::too_many:
      return with_tus(busy_reply("rate_limited", rejection.message, 10000));
    case Kind::failed:
      break;
  }
  return with_tus(busy_reply("busy", rejection.message, 5000));
}

Reply state_reply(int status, UploadState const& state) {
  return with_tus(empty_reply(status)
                      .with("Upload-Offset", fmt::to_string(state.offset))
                      .with("Upload-Expires", http_date(state.expires)));
}

// What Upload-Metadata says: "sha256 BASE64,filename BASE64"; other keys are let pass, as tus wants.
Result<void> read_metadata(std::string_view header, UploadSpec& spec) {
  while (!header.empty()) {
    auto const comma = header.find(',');
    auto pair = header.substr(0, comma);
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    auto const space = pair.find(' ');
    auto const key = pair.substr(0, space);
    auto const value =
        space == std::string_view::npos ? std::optional<std::string>("") : from_base64(pair.substr(space + 1));
    if (!value) {
      return fail(Errc::invalid, fmt::format("Upload-Metadata: the value of '{}' is not base64", printable(key, 40)));
    }
    if (key == "sha256") spec.sha256 = *value;
    if (key == "filename") spec.filename = printable(*value, 255);
  }
  if (is_sha256_hex(spec.sha256)) return {};
  return fail(Errc::invalid,
              "Upload-Metadata: sha256 is missing or not 64 lower-case hexadecimal digits (in base64); "
              "the server needs it to check what arrived");
}

// Upload-Checksum: "sha256 BASE64"; empty when there is none.
Result<std::string> read_checksum(Request const& request) {
  auto const header = request.header("upload-checksum");
  if (header.empty()) return std::string();
  if (!header.starts_with("sha256 ")) return fail(Errc::invalid, "Upload-Checksum: only sha256 is known here");
  auto digest = from_base64(header.substr(7));
  if (!digest || digest->size() != 32) return fail(Errc::invalid, "Upload-Checksum: this is no SHA-256 in base64");
  return std::move(*digest);
}

// People's files become blobs of theirs; those of slaves wait for the result message.
Uploads::Finish finish_for(Context& context) {
  return [&context](UploadState const& state, std::filesystem::path const& part) -> Result<void> {
    if (state.spec.user == 0) return {};
    std::shared_lock const lock(context.services.blob_sweep);
    auto stored = context.services.blobs.adopt(part, state.spec.sha256);
    if (!stored) return stored;
    return store::record_blob(context.database(), state.spec.user, state.spec.sha256, state.spec.size);
  };
}

Result<void> check_version(Request const& request) {
  if (request.header("tus-resumable") == tus_version) return {};
  return fail(Errc::invalid, fmt::format("Tus-Resumable must be {}", tus_version));
}

Reply version_rejection(Error const& error) {
  return with_tus(error_reply("tus_version", error.message)).with("Tus-Version", std::string(tus_version));
}

// Whose upload a creation is: a logged-in person's, or a slave's by the signed address of its order.
Result<UploadSpec> read_owner(Request const& request, Context const& context, std::int64_t& limit) {
  UploadSpec spec;
  if (request.parameter("signature")) {
    auto const verified = context.services.signer.verify(request.path, request.query, context.services.now_s());
    if (!verified) return verified.error();
    spec.attempt = whole_number(request.parameter("attempt").value_or("")).value_or(0);
    spec.slave = whole_number(request.parameter("slave").value_or("")).value_or(0);
    limit = whole_number(request.parameter("limit").value_or("")).value_or(0);
    spec.attempt_bytes = outputs_size_factor * limit;
    if (spec.attempt == 0 || spec.slave == 0) return fail(Errc::denied, "this address is not one for results");
    return spec;
  }
  spec.user = context.caller.user.id;
  limit = context.services.runtime.now().upload_bytes;
  return spec;
}

// The state of the upload at {id} when it is the caller's; a slave's needs the unguessable number alone.
UploadResult find_accessible(Context& context) {
  auto result = context.services.uploads.state(context.value("upload_id"));
  auto const* state = std::get_if<UploadState>(&result);
  if (state == nullptr || state->spec.user == 0 || state->spec.user == context.caller.user.id) return result;
  return UploadRejection{Kind::not_found, "there is no such upload here (any more); start it again"};
}

}  // namespace

Reply handle_show_upload_options(Request const&, Context& context) {
  return with_tus(empty_reply(204))
      .with("Tus-Version", std::string(tus_version))
      .with("Tus-Extension", "creation,creation-with-upload,checksum,termination,expiration")
      .with("Tus-Checksum-Algorithm", "sha256")
      .with("Tus-Max-Size", fmt::to_string(context.services.runtime.now().upload_bytes))
      .with("Tus-Max-Part", fmt::to_string(largest_part));
}

Reply handle_create_upload(Request const& request, Context& context) {
  if (auto const good = check_version(request); !good) return version_rejection(good.error());
  if (!context.caller.known() && !request.parameter("signature")) {
    return error_reply("unauthenticated", "an upload needs a login, or the signed address of an order");
  }
  std::int64_t limit = 0;
  auto spec = read_owner(request, context, limit);
  if (!spec) return with_tus(error_reply(spec.error()));
  auto const size = whole_number(request.header("upload-length"));
  if (!size) return with_tus(error_reply(400, "Upload-Length is missing or no number of bytes"));
  if (*size > limit) {
    return with_tus(error_reply(413, fmt::format("the file has {} bytes, at most {} are taken here", *size, limit)));
  }
  spec->size = *size;
  if (auto const good = read_metadata(request.header("upload-metadata"), *spec); !good) {
    return with_tus(error_reply(good.error()));
  }
  auto const checksum = read_checksum(request);
  if (!checksum) return with_tus(error_reply(checksum.error()));
  if (!request.body.empty() && request.header("content-type") != part_type) {
    return with_tus(error_reply(415, fmt::format("a body here is the first part, of type {}", part_type)));
  }
  auto result = context.services.uploads.create(std::move(*spec));
  if (auto const* rejection = std::get_if<UploadRejection>(&result)) return reject(*rejection);
  auto const id = std::get<UploadState>(result).id;
  if (!request.body.empty() || *size == 0) {
    result = context.services.uploads.append(id, 0, request.body, *checksum, finish_for(context));
  }
  if (auto const* rejection = std::get_if<UploadRejection>(&result)) {
    context.services.uploads.forget(id);  // the reply names no upload, so this one cannot be resumed
    return reject(*rejection);
  }
  return state_reply(201, std::get<UploadState>(result)).with("Location", "/api/v1/uploads/" + id);
}

Reply handle_show_upload(Request const&, Context& context) {
  auto result = find_accessible(context);
  if (auto const* state = std::get_if<UploadState>(&result);
      state != nullptr && !state->finished && state->offset == state->spec.size) {
    // All bytes are here, only the last step failed (the database was unavailable): it is completed now.
    auto const end = state->offset;
    result = context.services.uploads.append(context.value("upload_id"), end, "", "", finish_for(context));
  }
  if (auto const* rejection = std::get_if<UploadRejection>(&result)) return reject(*rejection);
  auto const& state = std::get<UploadState>(result);
  return state_reply(200, state).with("Upload-Length", fmt::to_string(state.spec.size));
}

Reply handle_append_upload(Request const& request, Context& context) {
  if (auto const good = check_version(request); !good) return version_rejection(good.error());
  if (request.header("content-type") != part_type) {
    return with_tus(error_reply(415, fmt::format("the Content-Type of a part is {}", part_type)));
  }
  auto const offset = whole_number(request.header("upload-offset"));
  if (!offset) return with_tus(error_reply(400, "Upload-Offset is missing or no number of bytes"));
  auto const checksum = read_checksum(request);
  if (!checksum) return with_tus(error_reply(checksum.error()));
  auto result = find_accessible(context);
  if (std::holds_alternative<UploadState>(result)) {
    result = context.services.uploads.append(context.value("upload_id"), *offset, request.body, *checksum,
                                             finish_for(context));
  }
  if (auto const* rejection = std::get_if<UploadRejection>(&result)) return reject(*rejection);
  return state_reply(204, std::get<UploadState>(result));
}

Reply handle_delete_upload(Request const& request, Context& context) {
  if (auto const good = check_version(request); !good) return version_rejection(good.error());
  auto const result = find_accessible(context);
  if (auto const* rejection = std::get_if<UploadRejection>(&result)) return reject(*rejection);
  auto const removed = context.services.uploads.remove(context.value("upload_id"));
  if (!removed) return with_tus(error_reply(removed.error()));
  return with_tus(empty_reply(204));
}

}  // namespace distren
