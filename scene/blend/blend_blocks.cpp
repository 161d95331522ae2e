#include "scene/blend/blend_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace distren {
namespace {

using namespace std::string_view_literals;

struct Look {
  std::string_view magic;
  std::string_view what;
};
constexpr std::array looks{
    Look{"version https://git-lfs"sv, "a git-LFS pointer; fetch the real file with 'git lfs pull'"sv},
    Look{"\x89PNG"sv, "a PNG image"sv},
    Look{"\xff\xd8\xff"sv, "a JPEG image"sv},
    Look{"\x76\x2f\x31\x01"sv, "an OpenEXR image"sv},
    Look{"GIF8"sv, "a GIF image"sv},
    Look{"PK\x03\x04"sv, "a ZIP archive; unpack it first"sv},
    Look{"Rar!"sv, "a RAR archive; unpack it first"sv},
    Look{"7z\xbc\xaf"sv, "a 7-Zip archive; unpack it first"sv},
    Look{"\xfd"
         "7zXZ"sv,
         "an xz archive; unpack it first"sv},
    Look{"%PDF"sv, "a PDF document"sv},
    Look{"Kaydara FBX"sv, "an FBX model; import it into Blender and save a .blend"sv},
    Look{"glTF"sv, "a glTF model; import it into Blender and save a .blend"sv},
    Look{"\x7f"
         "ELF"sv,
         "a program"sv},
    Look{"MZ"sv, "a Windows program"sv},
    Look{"<!DOCTYPE"sv, "a web page; the download went wrong"sv},
    Look{"<html"sv, "a web page; the download went wrong"sv}};

std::string looks_like(std::string_view head) {
  for (auto const& look : looks)
    if (head.starts_with(look.magic)) return fmt::format("it is {}", look.what);
  bool const printable = std::ranges::all_of(head, [](char letter) {
    auto const c = static_cast<unsigned char>(letter);
    return c >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
  return printable ? "it looks like text" : "its first bytes belong to nothing that we know";
}

Error not_a_blend(std::string_view head, Packing packing) {
  if (head.empty())
    return fail(Errc::invalid, packing == Packing::none
                                   ? "This is not a .blend file: it is empty."
                                   : "This is not a .blend file: the packed file inside is empty.");
  if (packing != Packing::none)
    return fail(Errc::invalid, fmt::format("This is not a .blend file: it is packed with {}, and inside {}.",
                                           packing == Packing::gzip ? "gzip" : "zstd", looks_like(head)));
  return fail(Errc::invalid, fmt::format("This is not a .blend file: {}.", looks_like(head)));
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value;
}

Error bad_header() {
  return fail(Errc::invalid,
              "The file begins like a .blend, but the rest of its header is damaged; copy it again, in binary mode.");
}

// "BLENDER-v279": pointer size, byte order, version.
std::optional<BlendHeader> old_header(std::string_view head) {
  auto const version = digits(head.substr(9, 3));
  bool const known = (head[7] == '-' || head[7] == '_') && (head[8] == 'v' || head[8] == 'V');
  if (!known || !version) return std::nullopt;
  return BlendHeader{*version, {head[7] == '-' ? 8 : 4, head[8] == 'V'}, false};
}

// Two letters for an ID, zero-padded (at the front in big-endian files), or four letters for the rest.
std::optional<std::string> block_code(std::string_view bytes) {
  if (bytes.substr(2) == "\0\0"sv)
    bytes = bytes.substr(0, 2);
  else if (bytes.starts_with("\0\0"sv))
    bytes = bytes.substr(2);
  bool const sane = std::ranges::all_of(bytes, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
  return sane ? std::optional<std::string>(bytes) : std::nullopt;
}

Error nonsense(std::uint64_t at) {
  return fail(Errc::invalid,
              fmt::format("The file begins like a .blend, but its blocks make no sense after byte {}. Its "
                          "line endings may have been changed by git or FTP: copy it again, in binary "
                          "mode.",
                          at));
}

}  // namespace

Result<BlendWalker> BlendWalker::begin(ByteStream stream) {
  std::vector<unsigned char> bytes(64);
  auto got = stream.read(std::span(bytes).first(12));
  if (!got) return got.error();
  auto view = [&](std::size_t count) { return std::string_view(reinterpret_cast<char const*>(bytes.data()), count); };
  if (!view(*got).starts_with("BLENDER")) {
    auto more = stream.read(std::span(bytes).subspan(*got));
    return not_a_blend(view(*got + (more ? *more : 0)), stream.packing());
  }
  if (*got < 12) return fail(Errc::invalid, fmt::format("The file is cut short: it ends after {} bytes.", *got));
  if (auto header = old_header(view(12))) return BlendWalker(std::move(stream), *header, 12);

  // "BLENDER17-01v0500": size of the header, pointer size, format, byte order, version.
  auto const size = digits(view(12).substr(7, 2));
  if (!size || *size < 17 || *size > 64) return bad_header();
  auto const wanted = static_cast<std::size_t>(*size);
  auto more = stream.read(std::span(bytes).subspan(12, wanted - 12));
  if (!more) return more.error();
  if (*more < wanted - 12) return fail(Errc::invalid, "The file is cut short: it ends inside its header.");
  auto const head = view(wanted);
  auto const format = digits(head.substr(10, 2));
  auto const version = digits(head.substr(13, 4));
  if (head[9] != '-' || head[12] != 'v' || !format || !version) return bad_header();
  if (*format != 1)
    return fail(Errc::invalid, fmt::format("The file is a .blend of format {}, saved by Blender {}.{}; formats 0 and 1 "
                                           "are known. Save it with an older Blender.",
                                           *format, *version / 100, *version % 100));
  return BlendWalker(std::move(stream), BlendHeader{*version, {8, false}, true}, wanted);
}

Result<BlendBlock> BlendWalker::parse(std::vector<unsigned char> const& bytes) const {
  auto const& layout = header_.layout;
  auto const pointer = static_cast<std::size_t>(layout.pointer_size);
  std::span<unsigned char const> const all(bytes);
  auto const at = stream_.position() - bytes.size();
  auto code = block_code({reinterpret_cast<char const*>(bytes.data()), 4});
  if (!code) return nonsense(at);
  BlendBlock block;
  block.code = *code;
  if (header_.large_blocks) {
    block.struct_index = layout.integer(all.subspan(4, 4));
    block.address = layout.integer(all.subspan(8, 8));
    block.length = layout.integer(all.subspan(16, 8));
    block.count = layout.integer(all.subspan(24, 8));
  } else {
    block.length = layout.integer(all.subspan(4, 4));
    block.address = layout.integer(all.subspan(8, pointer));
    block.struct_index = layout.integer(all.subspan(8 + pointer, 4));
    block.count = layout.integer(all.subspan(12 + pointer, 4));
  }
  auto const highest = header_.large_blocks ? std::uint64_t{INT64_MAX} : std::uint64_t{INT32_MAX};
  if (block.length > highest || block.count > highest) return nonsense(at);
  return block;
}

Result<std::optional<BlendBlock>> BlendWalker::next() {
  if (left_ > 0) {
    auto const at = stream_.position();
    auto skipped = stream_.skip(left_);
    if (!skipped) return skipped.error();
    if (*skipped < left_)
      return fail(Errc::invalid, fmt::format("The file is cut short: block {} needs {} more bytes at byte {}, but only "
                                             "{} are there. Copy it again.",
                                             current_.code, left_, at, *skipped));
    left_ = 0;
  }
  std::vector<unsigned char> bytes(header_.large_blocks ? 32
                                                        : 16 + static_cast<std::size_t>(header_.layout.pointer_size));
  auto got = stream_.read(bytes);
  if (!got) return got.error();
  // The closing block may be shorter than the others in old files, so only its code is checked.
  if (*got >= 4 && bytes[0] == 'E' && bytes[1] == 'N' && bytes[2] == 'D' && bytes[3] == 'B')
    return std::optional<BlendBlock>();
  if (*got < bytes.size())
    return fail(Errc::invalid,
                fmt::format("The file is cut short: it ends at byte {}, before its closing block. Copy it "
                            "again.",
                            stream_.position()));
  auto block = parse(bytes);
  if (!block) return block.error();
  current_ = *block;
  left_ = current_.length;
  return std::optional(current_);
}

Result<std::vector<unsigned char>> BlendWalker::payload(std::uint64_t limit) {
  std::vector<unsigned char> bytes;
  // Grown step by step: the length is untrusted.
  for (auto const wanted = std::min(left_, limit); bytes.size() < wanted;) {
    auto const before = bytes.size();
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, before + (1 << 18))));
    auto got = stream_.read(std::span(bytes).subspan(before));
    if (!got) return got.error();
    if (before + *got < bytes.size())
      return fail(Errc::invalid,
                  fmt::format("The file is cut short: it ends at byte {}, inside block {}. Copy it again.",
                              stream_.position(), current_.code));
  }
  left_ -= bytes.size();
  return bytes;
}

Result<void> BlendWalker::rewind() {
  left_ = 0;
  if (auto rewound = stream_.rewind(); !rewound) return rewound;
  auto skipped = stream_.skip(header_size_);
  if (!skipped) return skipped.error();
  return {};
}

}  // namespace distren
