#include "server/http/revalidation.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/digest.h"
#include "server/http/compression.h"
#include "server/http/file_reply.h"

namespace distren {

namespace {

constexpr std::size_t tag_letters = 22;  // 132 bits

}  // namespace

void revalidate_reply(Reply& reply, Request const& request) {
  auto const* text = std::get_if<std::string>(&reply.body);
  bool const reads = request.method == "GET" || request.method == "HEAD";
  if (!reads || text == nullptr || reply.status != 200) return;
  if (std::ranges::any_of(reply.headers, [](auto const& header) { return header.first == "ETag"; })) return;
  auto const tag = fmt::format("W/\"{}\"", to_base64url(as_bytes(sha256(*text))).substr(0, tag_letters));
  reply.with("ETag", tag);
  if (!matches_tag(request.header("if-none-match"), std::string_view(tag).substr(2))) return;
  if (varies_by_encoding(reply)) reply.with("Vary", "Accept-Encoding");
  std::erase_if(reply.headers, [](auto const& header) { return header.first == "Content-Type"; });
  reply.status = 304;
  reply.body = std::string();
}

}  // namespace distren
