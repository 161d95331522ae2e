#include "server/storage/renderer_key.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/base/digest.h"
#include "common/base/files.h"

namespace distren {

namespace {

constexpr std::size_t secret_size = 32;

}  // namespace

Result<RendererKey> RendererKey::load(std::filesystem::path const& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    if (auto written = write_file_durably(file, random_bytes(secret_size), 0600); !written)
      return std::move(written).error();
  } else if ((info.st_mode & 077U) != 0) {
    return fail(Errc::denied, fmt::format("{} holds the key that signs renderers and others may read it; chmod 600 it",
                                          file.string()));
  }
  auto secret = read_file(file, 4096);
  if (!secret) return std::move(secret).error();
  if (secret->size() != secret_size)
    return fail(
        Errc::invalid,
        fmt::format("{} has {} bytes, a key that signs renderers has {}; restore it from a backup: with another "
                    "one slaves refuse what this grid delivers",
                    file.string(), secret->size(), secret_size));
  return RendererKey(std::move(*secret));
}

std::string RendererKey::public_key() const {
  return to_base64(public_key_of(secret_));
}

std::string RendererKey::sign(std::string_view text) const {
  return distren::sign(secret_, text);
}

}  // namespace distren
