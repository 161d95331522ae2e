// A file or a buffer as a stream of bytes, unpacked on the way where it is gzip or zstd (several frames, skippable
// frames as Blender writes them). Nothing is held but one buffer, so size does not matter to memory.
// Owned by one caller on one thread; a buffer given to of() must outlive the stream.
// Failure (Errc::invalid): damaged or cut short packing, more output than ByteLimits allows; (not_found) no such file.
// By zlib and zstd themselves: libarchive's filters would open a dozen more formats to untrusted files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "common/base/result.h"

namespace distren {

struct ByteLimits {
  std::uint64_t output = std::uint64_t{4} << 30;            // bytes after unpacking
  std::uint64_t ratio = 1000;                               // output per input byte ...
  std::uint64_t ratio_allowance = std::uint64_t{64} << 20;  // ... beyond this many bytes
};

enum class Packing { none, gzip, zstd };

class ByteStream {
public:
  static Result<ByteStream> open(std::filesystem::path const& file, ByteLimits limits = {});
  static Result<ByteStream> of(std::span<unsigned char const> data, ByteLimits limits = {});
  ByteStream(ByteStream&&) noexcept;
  ByteStream& operator=(ByteStream&&) noexcept;
  ~ByteStream();

  Packing packing() const;
  std::uint64_t position() const;  // bytes handed out or skipped, after unpacking

  // As many bytes as there are, up to the size of to; fewer only at the end.
  Result<std::size_t> read(std::span<unsigned char> to);
  // Returns how many were skipped; fewer than asked only at the end. Seeks where the file is not packed.
  Result<std::uint64_t> skip(std::uint64_t count);
  Result<void> rewind();

private:
  struct State;
  explicit ByteStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace distren
