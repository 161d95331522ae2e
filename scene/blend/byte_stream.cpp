#include "scene/blend/byte_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace distren {
namespace {

constexpr std::size_t buffer_size = 64 * 1024;
constexpr int zstd_window_log = 27;  // 128 MiB, what zstd itself accepts without being asked for more

// Where the packed bytes come from: a file descriptor or memory.
class Raw {
public:
  Raw() = default;
  explicit Raw(std::span<unsigned char const> data) : data_(data), size_(data.size()) {}
  Raw(Raw const&) = delete;
  Raw& operator=(Raw const&) = delete;
  ~Raw() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  Result<void> open(std::filesystem::path const& file) {
    descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
      return fail(errno == ENOENT ? Errc::not_found : Errc::denied,
                  fmt::format("The file {} cannot be read: {}.", file.string(), strerror(errno)));
    if (!S_ISREG(status.st_mode))
      return fail(Errc::invalid, fmt::format("{} is not a plain file, so it cannot be read.", file.string()));
    size_ = static_cast<std::uint64_t>(status.st_size);
    return {};
  }

  Result<std::size_t> read(std::span<unsigned char> to) {
    if (descriptor_ < 0) {
      auto const count = std::min(to.size(), data_.size() - static_cast<std::size_t>(at_));
      if (count > 0) std::memcpy(to.data(), data_.data() + at_, count);
      at_ += count;
      return count;
    }
    for (;;) {
      auto const count = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(at_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(Errc::unavailable, fmt::format("The file cannot be read: {}.", strerror(errno)));
      at_ += static_cast<std::uint64_t>(count);
      return static_cast<std::size_t>(count);
    }
  }

  std::uint64_t at() const { return at_; }
  std::uint64_t left() const { return size_ > at_ ? size_ - at_ : 0; }
  void seek(std::uint64_t to) { at_ = to; }

private:
  int descriptor_ = -1;
  std::span<unsigned char const> data_;
  std::uint64_t at_ = 0;
  std::uint64_t size_ = 0;
};

struct ZstdFree {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Packing packing_of(std::span<unsigned char const> head) {
  if (head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b) return Packing::gzip;
  if (head.size() < 4) return Packing::none;
  std::uint32_t const magic = head[0] | head[1] << 8 | head[2] << 16 | static_cast<std::uint32_t>(head[3]) << 24;
  if (magic == ZSTD_MAGICNUMBER || (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START)
    return Packing::zstd;
  return Packing::none;
}

}  // namespace

struct ByteStream::State {
  State() = default;
  explicit State(std::span<unsigned char const> data) : raw(data) {}
  State(State const&) = delete;
  State& operator=(State const&) = delete;
  ~State() {
    if (gzip_open) inflateEnd(&gzip);
  }

  Result<void> begin() {
    std::array<unsigned char, 4> head{};
    auto count = raw.read(head);
    if (!count) return count.error();
    packing = packing_of({head.data(), *count});
    return restart();
  }

  Result<void> restart() {
    raw.seek(0);
    position = 0;
    fresh = {};
    between_frames = true;
    if (packing == Packing::gzip) {
      if (gzip_open) inflateEnd(&gzip);
      gzip = {};
      gzip_open = inflateInit2(&gzip, 15 + 16) == Z_OK;  // 16: gzip wrapping only
      if (!gzip_open) return fail(Errc::unavailable, "There is not enough memory to unpack the file.");
    }
    if (packing == Packing::zstd) {
      zstd.reset(ZSTD_createDCtx());
      if (!zstd || ZSTD_isError(ZSTD_DCtx_setParameter(zstd.get(), ZSTD_d_windowLogMax, zstd_window_log)) != 0)
        return fail(Errc::unavailable, "There is not enough memory to unpack the file.");
    }
    return {};
  }

  Result<void> refill() {
    if (input.empty()) input.resize(buffer_size);
    auto count = raw.read(input);
    if (!count) return count.error();
    fresh = {input.data(), *count};
    return {};
  }

  Error damaged(char const* kind, std::string const& why) const {
    return fail(Errc::invalid, fmt::format("The {} packing of the file is damaged near byte {}: {}.", kind,
                                           raw.at() - fresh.size(), why));
  }
  Error cut_short(char const* kind) const {
    return fail(Errc::invalid,
                fmt::format("The file is cut short: its {} packing ends in the middle, at byte {}. Copy it again.",
                            kind, raw.at()));
  }

  Result<std::size_t> read_gzip(std::span<unsigned char> to) {
    gzip.next_out = to.data();
    gzip.avail_out = static_cast<uInt>(to.size());
    while (gzip.avail_out > 0) {
      if (fresh.empty()) {
        if (auto more = refill(); !more) return more.error();
        if (fresh.empty()) {
          if (!between_frames) return cut_short("gzip");
          break;
        }
      }
      // After one member another may follow; anything else behind the last is ignored, as gzip does.
      if (between_frames && position + (to.size() - gzip.avail_out) > 0 && fresh[0] != 0x1f) break;
      between_frames = false;
      gzip.next_in = const_cast<Bytef*>(fresh.data());
      gzip.avail_in = static_cast<uInt>(fresh.size());
      int const code = inflate(&gzip, Z_NO_FLUSH);
      fresh = fresh.last(gzip.avail_in);
      if (code == Z_STREAM_END) {
        between_frames = true;
        if (inflateReset(&gzip) != Z_OK) return damaged("gzip", "it cannot be reset");
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return damaged("gzip", gzip.msg != nullptr ? gzip.msg : "it makes no sense");
      }
    }
    return to.size() - gzip.avail_out;
  }

  Result<std::size_t> read_zstd(std::span<unsigned char> to) {
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    while (out.pos < out.size) {
      if (fresh.empty()) {
        if (auto more = refill(); !more) return more.error();
      }
      ZSTD_inBuffer in{fresh.data(), fresh.size(), 0};
      auto const before = out.pos;
      if (fresh.empty() && between_frames) break;
      auto const hint = ZSTD_decompressStream(zstd.get(), &out, &in);
      if (ZSTD_isError(hint) != 0) return damaged("zstd", ZSTD_getErrorName(hint));
      bool const stuck = in.pos == 0 && out.pos == before;
      if (fresh.empty() && stuck) return cut_short("zstd");
      fresh = fresh.subspan(in.pos);
      between_frames = hint == 0;
      if (stuck && !fresh.empty()) return damaged("zstd", "it makes no progress");
    }
    return out.pos;
  }

  Result<std::size_t> read_plain(std::span<unsigned char> to) {
    std::size_t done = 0;
    while (done < to.size()) {
      if (fresh.empty()) {
        if (auto more = refill(); !more) return more.error();
        if (fresh.empty()) break;
      }
      auto const count = std::min(fresh.size(), to.size() - done);
      std::memcpy(to.data() + done, fresh.data(), count);
      fresh = fresh.subspan(count);
      done += count;
    }
    return done;
  }

  Result<void> within_limits() const {
    if (position > limits.output)
      return fail(Errc::invalid, fmt::format("The file unpacks to more than {} MiB, which is more than is looked at.",
                                             limits.output >> 20));
    if (packing != Packing::none && position > limits.ratio_allowance && position / limits.ratio > raw.at())
      return fail(
          Errc::invalid,
          fmt::format("The file unpacks to more than {} times its size; it is refused as a trap.", limits.ratio));
    return {};
  }

  ByteLimits limits;
  Packing packing = Packing::none;
  std::uint64_t position = 0;
  Raw raw;
  std::vector<unsigned char> input;
  std::span<unsigned char const> fresh;  // read from raw, not yet used
  bool between_frames = true;
  bool gzip_open = false;
  z_stream gzip{};
  std::unique_ptr<ZSTD_DCtx, ZstdFree> zstd;
};

ByteStream::ByteStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteStream::ByteStream(ByteStream&&) noexcept = default;
ByteStream& ByteStream::operator=(ByteStream&&) noexcept = default;
ByteStream::~ByteStream() = default;

Result<ByteStream> ByteStream::open(std::filesystem::path const& file, ByteLimits limits) {
  auto state = std::make_unique<State>();
  state->limits = limits;
  if (auto opened = state->raw.open(file); !opened) return opened.error();
  if (auto begun = state->begin(); !begun) return begun.error();
  return ByteStream(std::move(state));
}

Result<ByteStream> ByteStream::of(std::span<unsigned char const> data, ByteLimits limits) {
  auto state = std::make_unique<State>(data);
  state->limits = limits;
  if (auto begun = state->begin(); !begun) return begun.error();
  return ByteStream(std::move(state));
}

Packing ByteStream::packing() const {
  return state_->packing;
}
std::uint64_t ByteStream::position() const {
  return state_->position;
}

Result<std::size_t> ByteStream::read(std::span<unsigned char> to) {
  std::size_t done = 0;
  while (done < to.size()) {
    // In steps, so that a trap is noticed early and zlib's 32-bit counts suffice.
    auto step = to.subspan(done, std::min<std::size_t>(to.size() - done, 1 << 20));
    auto count = state_->packing == Packing::gzip   ? state_->read_gzip(step)
                 : state_->packing == Packing::zstd ? state_->read_zstd(step)
                                                    : state_->read_plain(step);
    if (!count) return count.error();
    done += *count;
    state_->position += *count;
    if (auto within = state_->within_limits(); !within) return within.error();
    if (*count < step.size()) break;
  }
  return done;
}

Result<std::uint64_t> ByteStream::skip(std::uint64_t count) {
  State& state = *state_;
  std::uint64_t done = 0;
  if (state.packing == Packing::none && count > state.fresh.size()) {
    auto const beyond = std::min(count - state.fresh.size(), state.raw.left());
    done = state.fresh.size() + beyond;
    state.fresh = {};
    state.raw.seek(state.raw.at() + beyond);
    state.position += done;
    if (auto within = state.within_limits(); !within) return within.error();
    return done;
  }
  std::vector<unsigned char> unwanted(static_cast<std::size_t>(std::min<std::uint64_t>(count, buffer_size)));
  while (done < count) {
    auto got =
        read(std::span(unwanted).first(static_cast<std::size_t>(std::min<std::uint64_t>(count - done, buffer_size))));
    if (!got) return got.error();
    if (*got == 0) break;
    done += *got;
  }
  return done;
}

Result<void> ByteStream::rewind() {
  return state_->restart();
}

}  // namespace distren
