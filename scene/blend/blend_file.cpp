#include "scene/blend/blend_file.h"

#include <fmt/format.h>

#include "scene/blend/blend_blocks.h"
#include "scene/blend/blend_collect.h"

namespace distren {
namespace {

constexpr std::uint64_t max_dna = 16 << 20;     // bytes; real ones have about 100 KiB
constexpr std::uint64_t max_payload = 4 << 20;  // of one block that is inspected

// The description of the structs is at the end of the file, the described blocks before it: hence two passes.
Result<BlendDna> find_dna(BlendWalker& walker) {
  std::optional<BlendDna> dna;
  for (;;) {
    auto block = walker.next();
    if (!block) return block.error();
    if (!*block) break;
    if ((*block)->code != "DNA1" || dna) continue;
    if ((*block)->length > max_dna)
      return fail(Errc::invalid, fmt::format("The description of the file's structs (block DNA1) has {} bytes; at most "
                                             "{} are plausible.",
                                             (*block)->length, max_dna));
    auto payload = walker.payload(max_dna);
    if (!payload) return payload.error();
    auto parsed = BlendDna::parse(*payload, walker.header().layout);
    if (!parsed) return parsed.error();
    dna = std::move(*parsed);
  }
  if (!dna)
    return fail(Errc::invalid,
                "The file has a healthy .blend header, but no DNA block: line endings were changed by git or FTP. Copy "
                "it again, in binary mode.");
  return std::move(*dna);
}

Result<BlendSummary> inspect(Result<ByteStream> stream, BlendLimits const& limits) {
  if (!stream) return stream.error();
  auto walker = BlendWalker::begin(std::move(*stream));
  if (!walker) return walker.error();
  auto dna = find_dna(*walker);
  if (!dna) return dna.error();
  if (auto rewound = walker->rewind(); !rewound) return rewound.error();

  BlendCollector collector(*dna, limits.entries);
  for (;;) {
    auto block = walker->next();
    if (!block) return block.error();
    if (!*block) break;
    if (!collector.wants(**block)) continue;
    auto payload = walker->payload(max_payload);
    if (!payload) return payload.error();
    collector.take(**block, *payload);
  }
  auto summary = collector.finish(walker->header().version);
  summary.version = walker->header().version;
  summary.version_text = blend_version_text(summary.version);
  summary.packing = walker->packing();
  return summary;
}

}  // namespace

std::string blend_version_text(int version) {
  return version < 300 ? fmt::format("{}.{:02}", version / 100, version % 100)
                       : fmt::format("{}.{}", version / 100, version % 100);
}

Result<BlendSummary> inspect_blend(std::filesystem::path const& file, BlendLimits const& limits) {
  return inspect(ByteStream::open(file, limits.bytes), limits);
}

Result<BlendSummary> inspect_blend(std::span<unsigned char const> data, BlendLimits const& limits) {
  return inspect(ByteStream::of(data, limits.bytes), limits);
}

}  // namespace distren
