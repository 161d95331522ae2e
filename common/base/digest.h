// Digests, message authentication, random secrets and password hashes; the only user of OpenSSL's crypto half. Any
// thread. Functions that can fail only with a broken OpenSSL abort then.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace distren {

using Digest = std::array<unsigned char, 32>;

class Sha256 {
public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(void const* data, std::size_t size);
  void update(std::string_view bytes) { update(bytes.data(), bytes.size()); }
  Digest finish();  // once; requires that the object is not used again

private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256(std::string_view bytes);
Result<Digest> sha256_file(std::filesystem::path const& path);
Digest hmac_sha256(std::string_view key, std::string_view message);

std::string random_bytes(std::size_t count);
// 160 random bits as 32 characters a-z2-7 (RFC 4648 base32, lower case): slavepasswords, session secrets, API tokens.
std::string random_secret();

std::string to_hex(void const* data, std::size_t size);
inline std::string to_hex(Digest const& digest) {
  return to_hex(digest.data(), digest.size());
}
std::optional<std::string> from_hex(std::string_view hex);  // nullopt: odd length or not hexadecimal
bool is_sha256_hex(std::string_view text);                  // 64 lower-case hexadecimal digits
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64url(std::string_view bytes);  // without padding

// AES-256-GCM under a key of 32 bytes, with a random nonce; opens only what was sealed with the same key, unchanged.
std::string seal(std::string_view key, std::string_view plain);
std::optional<std::string> unseal(std::string_view key, std::string_view sealed);

// Ed25519: keys of 32 bytes, signatures of 64. A key or signature of another length verifies nothing.
std::string public_key_of(std::string_view private_key);  // any 32 random bytes are a private key
std::string sign(std::string_view private_key, std::string_view message);
bool verify_signature(std::string_view public_key, std::string_view message, std::string_view signature);

inline std::string_view as_bytes(Digest const& digest) {
  return {reinterpret_cast<char const*>(digest.data()), digest.size()};
}

// Constant time, wherever the first difference is.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// scrypt with N=2^15, r=8, p=1 (32 MiB, about 80 ms): "scrypt$15$8$1$salt$hash". For users' passwords only; random
// secrets are stored as plain SHA-256, which suffices for 160 bits and takes microseconds.
std::string hash_password(std::string_view password);
bool verify_password(std::string_view password, std::string_view hash);

}  // namespace distren
