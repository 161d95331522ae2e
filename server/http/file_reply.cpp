#include "server/http/file_reply.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/http/percent_encoding.h"
#include "server/http/compression.h"

namespace distren {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  bool const plain = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!plain || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Not through a link, and no folder or device.
FileDescriptor open_regular(std::filesystem::path const& path, struct stat& info) {
  FileDescriptor handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  bool const good = handle && ::fstat(handle.get(), &info) == 0 && S_ISREG(info.st_mode);
  return good ? std::move(handle) : FileDescriptor();
}

bool is_earlier(timespec const& a, timespec const& b) {
  return std::pair(a.tv_sec, a.tv_nsec) < std::pair(b.tv_sec, b.tv_nsec);
}

}  // namespace

RangeKind parse_range(std::string_view header, std::int64_t size, ByteRange& range) {
  header = trim(header);
  if (!header.starts_with("bytes=")) return RangeKind::whole;
  header = trim(header.substr(6));
  auto const dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return RangeKind::whole;
  auto const first = digits(header.substr(0, dash));
  auto const last = digits(header.substr(dash + 1));
  if (dash == 0) {  // a suffix range
    if (!last) return RangeKind::whole;
    if (*last == 0 || size == 0) return RangeKind::unsatisfiable;
    range.length = std::min(*last, size);
    range.first = size - range.length;
    return RangeKind::part;
  }
  bool const open_end = dash + 1 == header.size();
  if (!first || (!last && !open_end) || (last && *last < *first)) return RangeKind::whole;
  if (*first >= size) return RangeKind::unsatisfiable;
  range.first = *first;
  range.length = (open_end ? size - 1 : std::min(*last, size - 1)) - *first + 1;
  return RangeKind::part;
}

bool matches_tag(std::string_view list, std::string_view tag) {
  while (!list.empty()) {
    auto const comma = list.find(',');
    auto one = trim(list.substr(0, comma));
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == tag) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

Reply file_reply(Request const& request, FileToSend const& file) {
  struct stat info {};
  auto handle = open_regular(file.path, info);
  if (!handle) return error_reply(404, "there is no such file here");
  bool gzipped = false;
  if (file.precompressed && accepts_gzip(request.header("accept-encoding"))) {
    struct stat smaller {};
    auto compressed = open_regular(file.path.string() + ".gz", smaller);
    gzipped = compressed && !is_earlier(smaller.st_mtim, info.st_mtim);
    if (gzipped) {
      handle = std::move(compressed);
      info = smaller;
    }
  }
  auto const size = static_cast<std::int64_t>(info.st_size);
  std::string const tag =
      file.tag.empty() ? fmt::format("\"{:x}-{:x}-{:x}\"", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
                       : file.tag;
  Reply reply;
  reply.with("ETag", tag).with("Accept-Ranges", "bytes");
  if (file.precompressed) reply.with("Vary", "Accept-Encoding");
  if (!file.cache_control.empty()) reply.with("Cache-Control", file.cache_control);
  if (matches_tag(request.header("if-none-match"), tag)) {
    reply.status = 304;
    return reply;
  }
  reply.with("Content-Type", file.content_type);
  if (gzipped) reply.with("Content-Encoding", "gzip");
  if (!file.download_name.empty()) {
    reply.with("Content-Disposition",
               fmt::format("attachment; filename*=UTF-8''{}", percent_encode(file.download_name)));
  }
  ByteRange range{0, size};
  auto const if_range = request.header("if-range");
  bool const may_be_part = if_range.empty() || if_range == tag;  // a changed file is sent in full
  auto const kind = may_be_part ? parse_range(request.header("range"), size, range) : RangeKind::whole;
  if (kind == RangeKind::unsatisfiable) {
    return error_reply(416, fmt::format("the file has {} bytes; the asked range begins after its end", size))
        .with("Content-Range", fmt::format("bytes */{}", size));
  }
  if (kind == RangeKind::part) {
    reply.status = 206;
    reply.with("Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.first + range.length - 1, size));
  }
  reply.body = FileRange{std::move(handle), range.first, range.length};
  return reply;
}

std::string_view content_type_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> known[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".webp", "image/webp"},
      {".avif", "image/avif"},
      {".ico", "image/x-icon"},
      {".json", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
      {".woff2", "font/woff2"},
      {".mp4", "video/mp4"},
      {".webm", "video/webm"},
      {".tif", "image/tiff"},
      {".tiff", "image/tiff"},
      {".exr", "image/x-exr"},
      {".yaml", "application/yaml"},
  };
  for (auto const& [ending, type] : known) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

}  // namespace distren
