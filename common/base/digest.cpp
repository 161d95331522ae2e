#include "common/base/digest.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace distren {

namespace {

// OpenSSL's digests fail only when the library is broken or memory is out: a bug or a dying machine, not an input.
void must(bool ok) {
  if (!ok) std::abort();
}

constexpr int scrypt_log_n = 15;
constexpr unsigned scrypt_r = 8;
constexpr unsigned scrypt_p = 1;
constexpr std::size_t scrypt_size = 32;

std::string scrypt(std::string_view password, std::string_view salt, int log_n, unsigned r, unsigned p) {
  std::string out(scrypt_size, '\0');
  must(EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<unsigned char const*>(salt.data()),
                      salt.size(), std::uint64_t{1} << log_n, r, p, 128U << 20,
                      reinterpret_cast<unsigned char*>(out.data()), out.size()) == 1);
  return out;
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  Context() { must(md != nullptr && EVP_DigestInit_ex(md, EVP_sha256(), nullptr) == 1); }
  ~Context() { EVP_MD_CTX_free(md); }
  Context(Context const&) = delete;
  Context& operator=(Context const&) = delete;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(void const* data, std::size_t size) {
  must(EVP_DigestUpdate(context_->md, data, size) == 1);
}

Digest Sha256::finish() {
  Digest digest{};
  must(EVP_DigestFinal_ex(context_->md, digest.data(), nullptr) == 1);
  return digest;
}

Digest sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Result<Digest> sha256_file(std::filesystem::path const& path) {
  int const fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Errc::not_found, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  Sha256 hash;
  std::vector<char> buffer(1 << 20);
  for (;;) {
    ssize_t const got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      int const error = errno;
      ::close(fd);
      return fail(Errc::unavailable, fmt::format("reading {} failed: {}", path.string(), std::strerror(error)));
    }
    if (got == 0) break;
    hash.update(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  return hash.finish();
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
  Digest digest{};
  unsigned size = 0;
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<unsigned char const*>(message.data()), message.size(), digest.data(), &size) != nullptr);
  must(size == digest.size());
  return digest;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  must(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

std::string random_secret() {
  static constexpr char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string secret = random_bytes(32);
  for (char& c : secret) c = alphabet[static_cast<unsigned char>(c) & 31U];  // 32 characters of 5 bits
  return secret;
}

std::string to_hex(void const* data, std::size_t size) {
  static constexpr char digits[] = "0123456789abcdef";
  auto const* bytes = static_cast<unsigned char const*>(data);
  std::string hex(size * 2, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    hex[2 * i] = digits[bytes[i] >> 4];
    hex[2 * i + 1] = digits[bytes[i] & 15U];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    if (error != std::errc{} || end != hex.data() + i + 2) return std::nullopt;
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock writes a final NUL
  int const size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<unsigned char const*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (auto const end = text.find('='); end != std::string_view::npos && (end + 2 < text.size() || text.back() != '='))
    return std::nullopt;  // OpenSSL takes padding anywhere
  std::string bytes(text.size() / 4 * 3, '\0');
  int const size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<unsigned char const*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string to_base64url(std::string_view bytes) {
  std::string text = to_base64(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

namespace {

constexpr int nonce_size = 12;
constexpr int tag_size = 16;

struct Cipher {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  Cipher() { must(context != nullptr); }
  ~Cipher() { EVP_CIPHER_CTX_free(context); }
  Cipher(Cipher const&) = delete;
};

unsigned char const* bytes_of(std::string_view text) {
  return reinterpret_cast<unsigned char const*>(text.data());
}

}  // namespace

std::string seal(std::string_view key, std::string_view plain) {
  must(key.size() == 32);
  Cipher const cipher;
  std::string const nonce = random_bytes(nonce_size);
  std::string sealed(plain.size(), '\0');
  std::string tag(tag_size, '\0');
  int size = 0;
  must(EVP_EncryptInit_ex(cipher.context, EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1);
  must(EVP_EncryptUpdate(cipher.context, reinterpret_cast<unsigned char*>(sealed.data()), &size, bytes_of(plain),
                         static_cast<int>(plain.size())) == 1);
  must(EVP_EncryptFinal_ex(cipher.context, reinterpret_cast<unsigned char*>(sealed.data()) + size, &size) == 1);
  must(EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_GCM_GET_TAG, tag_size, tag.data()) == 1);
  return nonce + tag + sealed;
}

std::optional<std::string> unseal(std::string_view key, std::string_view sealed) {
  must(key.size() == 32);
  if (sealed.size() < nonce_size + tag_size) return std::nullopt;
  Cipher const cipher;
  std::string tag(sealed.substr(nonce_size, tag_size));
  auto const text = sealed.substr(nonce_size + tag_size);
  std::string plain(text.size(), '\0');
  int size = 0;
  must(EVP_DecryptInit_ex(cipher.context, EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(sealed)) == 1);
  must(EVP_DecryptUpdate(cipher.context, reinterpret_cast<unsigned char*>(plain.data()), &size, bytes_of(text),
                         static_cast<int>(text.size())) == 1);
  must(EVP_CIPHER_CTX_ctrl(cipher.context, EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1);
  if (EVP_DecryptFinal_ex(cipher.context, reinterpret_cast<unsigned char*>(plain.data()) + size, &size) != 1)
    return std::nullopt;
  return plain;
}

namespace {

constexpr std::size_t signing_key_size = 32;
constexpr std::size_t signature_size = 64;

struct SigningKey {
  EVP_PKEY* key;
  explicit SigningKey(EVP_PKEY* owned) : key(owned) {}
  SigningKey(SigningKey const&) = delete;
  SigningKey& operator=(SigningKey const&) = delete;
  ~SigningKey() { EVP_PKEY_free(key); }
};

struct SignatureContext {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  SignatureContext() { must(context != nullptr); }
  SignatureContext(SignatureContext const&) = delete;
  SignatureContext& operator=(SignatureContext const&) = delete;
  ~SignatureContext() { EVP_MD_CTX_free(context); }
};

EVP_PKEY* private_signing_key(std::string_view key) {
  must(key.size() == signing_key_size);
  EVP_PKEY* const made = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(key), key.size());
  must(made != nullptr);
  return made;
}

}  // namespace

std::string public_key_of(std::string_view private_key) {
  SigningKey const key(private_signing_key(private_key));
  std::string out(signing_key_size, '\0');
  std::size_t size = out.size();
  must(EVP_PKEY_get_raw_public_key(key.key, reinterpret_cast<unsigned char*>(out.data()), &size) == 1);
  return out;
}

std::string sign(std::string_view private_key, std::string_view message) {
  SigningKey const key(private_signing_key(private_key));
  SignatureContext const digest;
  must(EVP_DigestSignInit(digest.context, nullptr, nullptr, nullptr, key.key) == 1);
  std::string out(signature_size, '\0');
  std::size_t size = out.size();
  must(EVP_DigestSign(digest.context, reinterpret_cast<unsigned char*>(out.data()), &size, bytes_of(message),
                      message.size()) == 1);
  return out;
}

bool verify_signature(std::string_view public_key, std::string_view message, std::string_view signature) {
  if (public_key.size() != signing_key_size || signature.size() != signature_size) return false;
  SigningKey const key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(public_key), public_key.size()));
  if (key.key == nullptr) return false;
  SignatureContext const digest;
  must(EVP_DigestVerifyInit(digest.context, nullptr, nullptr, nullptr, key.key) == 1);
  return EVP_DigestVerify(digest.context, bytes_of(signature), signature.size(), bytes_of(message), message.size()) ==
         1;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash_password(std::string_view password) {
  std::string const salt = random_bytes(16);
  return fmt::format(
      "scrypt${}${}${}${}${}", scrypt_log_n, scrypt_r, scrypt_p, to_base64url(salt),
      to_hex(scrypt(password, to_base64url(salt), scrypt_log_n, scrypt_r, scrypt_p).data(), scrypt_size));
}

bool verify_password(std::string_view password, std::string_view hash) {
  // The cost is part of the stored hash, so that old hashes stay valid when the cost is raised.
  std::array<std::string_view, 6> part;
  for (std::size_t i = 0; i < part.size(); ++i) {
    auto const end = i + 1 < part.size() ? hash.find('$') : hash.size();
    if (end == std::string_view::npos) return false;
    part[i] = hash.substr(0, end);
    hash.remove_prefix(std::min(end + 1, hash.size()));
  }
  auto number = [](std::string_view text) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : 0U;
  };
  unsigned const log_n = number(part[1]);
  unsigned const r = number(part[2]);
  unsigned const p = number(part[3]);
  auto const expected = from_hex(part[5]);
  if (part[0] != "scrypt" || log_n < 1 || log_n > 16 || r < 1 || r > 8 || p < 1 || p > 4 || !expected) return false;
  return equal_in_constant_time(scrypt(password, part[4], static_cast<int>(log_n), r, p), *expected);
}

}  // namespace distren
