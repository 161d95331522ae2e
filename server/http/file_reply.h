// Answers with a file: conditional requests (If-None-Match, If-Range) and one Range; several ranges or an invalid Range
// return the whole file, as RFC 9110 allows. Any thread; the file is opened here and streamed later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/message.h"

namespace distren {

struct ByteRange {
  std::int64_t first = 0;
  std::int64_t length = 0;
};

enum class RangeKind { whole, part, unsatisfiable };

// "bytes=0-99", "bytes=100-", "bytes=-5" of a file of `size` bytes; sets `range` for part alone.
RangeKind parse_range(std::string_view header, std::int64_t size, ByteRange& range);

// Whether an If-None-Match or If-Match list contains this tag (with its quotes); "*" matches every tag.
bool matches_tag(std::string_view list, std::string_view tag);

struct FileToSend {
  std::filesystem::path path;
  std::string content_type;
  std::string tag;            // with quotes; empty: derived from size and modification time
  std::string download_name;  // sent as Content-Disposition: attachment when not empty
  std::string cache_control;
  bool precompressed = false;  // PATH.gz beside it, if there is one that is not older, is sent to whoever takes gzip
};

// 200, 206, 304 or 416; 404 when the file is missing or not a regular file.
Reply file_reply(Request const& request, FileToSend const& file);

// By the name's suffix; application/octet-stream for unknown ones.
std::string_view content_type_of(std::string_view name);

}  // namespace distren
