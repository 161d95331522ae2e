// Iterates over the blocks of a .blend: every Blender from 2.4 to 5.x, both byte orders, both pointer sizes, plain or
// packed. One caller on one thread. Errors (invalid): not a .blend (and the detected format), truncated, damaged,
// unsupported; each with its place. Offsets are bytes after unpacking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/blend/blend_dna.h"
#include "scene/blend/byte_stream.h"

namespace distren {

struct BlendHeader {
  int version = 0;  // 279 is 2.79, 304 is 3.4, 500 is 5.0
  BlendLayout layout;
  bool large_blocks = false;  // 64-bit lengths, since 5.0
};

struct BlendBlock {
  std::string code;           // "SC", "DATA", "DNA1"
  std::uint64_t length = 0;   // bytes of payload
  std::uint64_t address = 0;  // the data's address in Blender's memory when saved
  std::uint64_t struct_index = 0;
  std::uint64_t count = 0;  // structs in the payload
};

class BlendWalker {
public:
  static Result<BlendWalker> begin(ByteStream stream);

  BlendHeader const& header() const { return header_; }
  Packing packing() const { return stream_.packing(); }
  // The next block, nullopt after the last; the unread rest of the previous payload is skipped.
  Result<std::optional<BlendBlock>> next();
  // The first bytes of the current block's payload, at most limit.
  Result<std::vector<unsigned char>> payload(std::uint64_t limit);
  Result<void> rewind();

private:
  BlendWalker(ByteStream stream, BlendHeader header, std::uint64_t header_size)
      : stream_(std::move(stream)), header_(header), header_size_(header_size) {}
  Result<BlendBlock> parse(std::vector<unsigned char> const& bytes) const;

  ByteStream stream_;
  BlendHeader header_;
  std::uint64_t header_size_;
  std::uint64_t left_ = 0;  // of the current block's payload
  BlendBlock current_;
};

}  // namespace distren
