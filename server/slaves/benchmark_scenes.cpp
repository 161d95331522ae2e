#include "server/slaves/benchmark_scenes.h"

#include <fmt/format.h>

#include <cstring>

#include "common/base/digest.h"

namespace distren {

Result<std::vector<BenchmarkPlan>> prepare_benchmarks(std::map<std::string, RenderMethod> const& methods,
                                                      BlobStore const& blobs) {
  std::vector<BenchmarkPlan> plans;
  for (auto const& [name, method] : methods) {
    if (!method.benchmark) continue;
    auto const& scene = method.benchmark->scene;
    auto const digest = sha256_file(scene);
    if (!digest) return digest.error();
    std::error_code error;
    auto const size = std::filesystem::file_size(scene, error);
    if (error) return fail(Errc::not_found, fmt::format("{}: {}", scene.string(), error.message()));
    std::string const sha256 = to_hex(digest->data(), digest->size());
    if (auto copied = blobs.copy_in(scene, sha256); !copied) return copied.error();
    plans.push_back({method, {method.benchmark->file(), sha256, static_cast<std::int64_t>(size)}});
  }
  return plans;
}

std::uint64_t unguessable_number() {
  std::string const bytes = random_bytes(sizeof(std::uint64_t));
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace distren
