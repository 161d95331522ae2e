// The benchmarks of the render methods, ready to be sent: their scenes lie in the blob store, where slaves fetch them
// like every other file. Start-up only. Errors: invalid, naming the scene, or those of the blob store.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"
#include "server/dispatch/core.h"
#include "server/storage/blob_store.h"

namespace distren {

Result<std::vector<BenchmarkPlan>> prepare_benchmarks(std::map<std::string, RenderMethod> const& methods,
                                                      BlobStore const& blobs);

// Evenly from all 64-bit numbers, by the system's generator: no slave guesses its next variant.
std::uint64_t unguessable_number();

}  // namespace distren
