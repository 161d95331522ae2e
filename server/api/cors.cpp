#include "server/api/cors.h"

#include <algorithm>

namespace distren {

namespace {

constexpr std::string_view sent_methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
constexpr std::string_view sent_headers =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Last-Event-ID, Range, "
    "Tus-Resumable, Upload-Checksum, Upload-Length, Upload-Metadata, Upload-Offset";
constexpr std::string_view read_headers =
    "Accept-Ranges, Allow, Content-Disposition, Content-Range, DistRen-Event, ETag, Idempotency-Replayed, Location, "
    "RateLimit, RateLimit-Policy, Request-Id, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Part, "
    "Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, Upload-Offset, WWW-Authenticate";
constexpr std::string_view preflight_kept_s = "600";

bool is_preflight(Request const& request) {
  return request.method == "OPTIONS" && !request.header("access-control-request-method").empty();
}

}  // namespace

bool is_from_listed_origin(Request const& request, std::vector<std::string> const& origins) {
  auto const origin = request.header("origin");
  return !origin.empty() && std::ranges::find(origins, origin) != origins.end() && request.header("cookie").empty() &&
         request.header("sec-fetch-site") != "same-origin";
}

void add_cors_headers(Reply& reply, Request const& request, std::vector<std::string> const& origins) {
  if (origins.empty() || !request.path.starts_with("/api/")) return;
  reply.with("Vary", "Origin");
  if (!is_from_listed_origin(request, origins)) return;
  std::erase_if(reply.headers, [](auto const& header) { return header.first == "Set-Cookie"; });
  reply.with("Access-Control-Allow-Origin", std::string(request.header("origin")));
  if (!is_preflight(request)) {
    reply.with("Access-Control-Expose-Headers", std::string(read_headers));
    return;
  }
  reply.with("Access-Control-Allow-Methods", std::string(sent_methods))
      .with("Access-Control-Allow-Headers", std::string(sent_headers))
      .with("Access-Control-Max-Age", std::string(preflight_kept_s))
      .with("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
}

}  // namespace distren
