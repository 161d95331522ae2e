#include "server/storage/signer.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "common/base/digest.h"
#include "common/base/files.h"
#include "common/http/percent_encoding.h"

namespace distren {

namespace {

constexpr std::size_t key_size = 32;

// Lengths precede the values: no two different requests have the same canonical form.
std::string canonical(std::string_view path, Parameters parameters) {
  std::sort(parameters.begin(), parameters.end());
  std::string text = fmt::format("url {}:{}", path.size(), path);
  for (auto const& [name, value] : parameters) {
    text += fmt::format("\n{}:{}={}:{}", name.size(), name, value.size(), value);
  }
  return text;
}

std::string signature_of(std::string const& key, std::string_view path, Parameters parameters) {
  return to_base64url(as_bytes(hmac_sha256(key, canonical(path, std::move(parameters)))));
}

}  // namespace

Result<Signer> Signer::load(std::filesystem::path const& key_file) {
  struct stat info {};
  if (::stat(key_file.c_str(), &info) != 0) {
    auto written = write_file_durably(key_file, random_bytes(key_size), 0600);
    if (!written) return std::move(written).error();
  } else if ((info.st_mode & 077U) != 0) {
    return fail(Errc::denied, fmt::format("{} holds the server's signing key and others may read it; chmod 600 it, or "
                                          "delete it and a new one is made",
                                          key_file.string()));
  }
  auto key = read_file(key_file, 4096);
  if (!key) return std::move(key).error();
  if (key->size() != key_size) {
    return fail(Errc::invalid, fmt::format("{} has {} bytes, a signing key has {}; delete it and a new one is made",
                                           key_file.string(), key->size(), key_size));
  }
  return Signer(std::move(*key));
}

std::string Signer::sign(std::string_view path, Parameters parameters, std::int64_t expires) const {
  parameters.emplace_back("expires", fmt::to_string(expires));
  std::string url = percent_encode(path, true);
  char separator = '?';
  for (auto const& [name, value] : parameters) {
    url += fmt::format("{}{}={}", separator, percent_encode(name), percent_encode(value));
    separator = '&';
  }
  return url + "&signature=" + signature_of(key_, path, std::move(parameters));
}

Result<void> Signer::verify(std::string_view path, Parameters const& parameters, std::int64_t now) const {
  Parameters covered;
  std::string given;
  std::int64_t expires = 0;
  for (auto const& parameter : parameters) {
    if (parameter.first == "signature") {
      given = parameter.second;
      continue;
    }
    covered.push_back(parameter);
    if (parameter.first != "expires") continue;
    auto const* end = parameter.second.data() + parameter.second.size();
    if (std::from_chars(parameter.second.data(), end, expires).ptr != end) expires = 0;
  }
  if (!equal_in_constant_time(signature_of(key_, path, std::move(covered)), given)) {
    return fail(Errc::denied, "this address does not carry a valid signature of this server; ask for a new one",
                "link_invalid");
  }
  if (now >= expires) return fail(Errc::denied, "this address has expired; ask for a new one", "link_expired");
  return {};
}

std::string Signer::derive(std::string_view purpose, std::string_view message) const {
  return to_base64url(as_bytes(hmac_sha256(key_, fmt::format("{} {}:{}", purpose, message.size(), message))));
}

}  // namespace distren
