// The renderers that a grid delivers: the message `renderers`, and the archive that an order names. Values alone, see
// messages.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/protocol/messages.h"

namespace distren::protocol {

// One build of a render program, for one platform. Its name is the digest of its archive.
struct RendererBuild {
  std::string method{};
  std::string version{};
  std::string build{};  // SHA-256 of the archive, 64 lower-case hexadecimal digits
  std::int64_t size_bytes = 0;
  std::int64_t unpacked_bytes = 0;
  std::string platform{};   // "linux-x86_64"
  std::string signature{};  // of signed_text() by the grid's key: Ed25519, base64
  bool operator==(RendererBuild const&) const = default;
};
void members(auto& visit, Is<RendererBuild> auto& renderer) {
  visit.text("method", renderer.method, limits::method_names);
  visit.text("version", renderer.version, limits::method_names);
  visit.text("build", renderer.build, limits::builds);
  visit.integer("size_bytes", renderer.size_bytes, limits::file_sizes);
  visit.integer("unpacked_bytes", renderer.unpacked_bytes, limits::file_sizes);
  visit.text("platform", renderer.platform, limits::platforms);
  visit.text("signature", renderer.signature, limits::signatures);
}

// All that can be fetched now, to a slave that offers renderers_offer: after the welcome, and when it changes.
struct RendererList {
  static constexpr std::string_view type = "renderers";
  std::string key{};  // the grid's public key: Ed25519, 32 bytes, base64
  std::vector<RendererBuild> items{};
};
inline constexpr std::string_view renderers_offer = "renderers";
void members(auto& visit, Is<RendererList> auto& list) {
  visit.text("key", list.key, limits::renderer_keys);
  visit.objects("items", list.items, limits::max_renderers);
}

// Where an order's build comes from, beside what the order says of it.
struct RendererArchive {
  std::string url{};
  std::int64_t size_bytes = 0;
  std::int64_t unpacked_bytes = 0;
  std::string platform{};
  std::string signature{};
  bool operator==(RendererArchive const&) const = default;
};
void members(auto& visit, Is<RendererArchive> auto& archive) {
  visit.text("url", archive.url, limits::urls);
  visit.integer("size_bytes", archive.size_bytes, limits::file_sizes);
  visit.integer("unpacked_bytes", archive.unpacked_bytes, limits::file_sizes);
  visit.text("platform", archive.platform, limits::platforms);
  visit.text("signature", archive.signature, limits::signatures);
}

// What the grid's key signs of a build: everything but the signature, a line each.
std::string signed_text(RendererBuild const& build);

}  // namespace distren::protocol
