#include "server/http/compression.h"

#include <zlib.h>

#include <algorithm>

#include "common/base/text.h"

namespace distren {

namespace {

constexpr std::size_t smallest = 1024;  // bytes; below, one packet carries it anyway
constexpr int fastest = 1;            // of JSON it leaves a sixth; more effort leaves an eighth for four times the time
constexpr int gzip_window = 15 + 16;  // zlib's number for the largest window with gzip's header

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, fastest, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  bool const whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return whole ? out : std::string();
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  for (auto rest = accept_encoding; !rest.empty();) {
    auto const end = std::min(rest.find(','), rest.size());
    auto const one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    auto const semicolon = std::min(one.find(';'), one.size());
    if (lower_case(trimmed(one.substr(0, semicolon))) != "gzip") continue;
    auto const weight = semicolon < one.size() ? trimmed(one.substr(semicolon + 1)) : std::string_view("q=1");
    return !(lower_case(weight).starts_with("q=0") && weight.find_first_not_of("qQ=0.") == std::string_view::npos);
  }
  return false;
}

bool varies_by_encoding(Reply const& reply) {
  auto const* text = std::get_if<std::string>(&reply.body);
  // A problem gets the request's id when it is sent, later than this.
  if (text == nullptr || text->size() <= smallest || reply.status >= 300) return false;
  return std::ranges::none_of(reply.headers, [](auto const& header) { return header.first == "Content-Encoding"; });
}

void compress_reply(Reply& reply, Request const& request) {
  if (!varies_by_encoding(reply)) return;
  reply.with("Vary", "Accept-Encoding");
  if (!accepts_gzip(request.header("accept-encoding"))) return;
  auto* text = std::get_if<std::string>(&reply.body);
  auto compressed = gzip(*text);
  if (compressed.empty() || compressed.size() >= text->size()) return;
  *text = std::move(compressed);
  reply.with("Content-Encoding", "gzip");
}

}  // namespace distren
