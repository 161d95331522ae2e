#include "server/storage/signed_urls.h"

#include <fmt/format.h>

namespace distren {

std::string blob_url(Signer const& signer, std::string_view sha256, std::int64_t slave, std::int64_t expires) {
  return signer.sign(fmt::format("/api/v1/files/blobs/{}", sha256), {{"for", fmt::format("s{}", slave)}}, expires);
}

std::string inputs_url(Signer const& signer, std::int64_t job, std::int64_t expires) {
  return signer.sign(fmt::format("/api/v1/files/jobs/{}/inputs", job), {}, expires);
}

std::string result_upload_url(Signer const& signer, std::int64_t attempt, std::int64_t slave, std::string_view name,
                              std::int64_t limit, std::int64_t expires) {
  return signer.sign("/api/v1/uploads",
                     {{"attempt", fmt::to_string(attempt)},
                      {"slave", fmt::to_string(slave)},
                      {"name", std::string(name)},
                      {"limit", fmt::to_string(limit)}},
                     expires);
}

std::string output_url(Signer const& signer, std::int64_t job, std::string_view name, std::string_view sha256,
                       std::int64_t expires) {
  auto const slash = name.rfind('/');  // a part of a path has none
  bool const nested = slash != std::string_view::npos;
  Parameters parameters{{"sha256", std::string(sha256)}};
  if (nested) parameters.emplace_back("folder", name.substr(0, slash));
  return signer.sign(fmt::format("/api/v1/files/jobs/{}/outputs/{}", job, nested ? name.substr(slash + 1) : name),
                     parameters, expires);
}

std::string zip_url(Signer const& signer, std::int64_t job, std::string_view name, std::int64_t expires) {
  return signer.sign(fmt::format("/api/v1/files/jobs/{}/archive/{}", job, name), {}, expires);
}

}  // namespace distren
