// All signed URLs of this server, each built in one place only. `expires` is UNIX seconds. URLs are relative: the
// receiver prepends the server's own address. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/storage/signer.h"

namespace distren {

// A job's source file, for a slave: GET /api/v1/files/blobs/SHA256?for=s7&expires=...&signature=...
std::string blob_url(Signer const& signer, std::string_view sha256, std::int64_t slave, std::int64_t expires);

// The list of all source files of a job of many: GET /api/v1/files/jobs/1/inputs?expires=...&signature=...
std::string inputs_url(Signer const& signer, std::int64_t job, std::int64_t expires);

// Where a slave creates the upload of one result: POST /api/v1/uploads?attempt=981&slave=7&name=0005.png&limit=...
std::string result_upload_url(Signer const& signer, std::int64_t attempt, std::int64_t slave, std::string_view name,
                              std::int64_t limit, std::int64_t expires);

// A finished frame: GET /api/v1/files/jobs/1/outputs/0005.png?sha256=...&expires=...&signature=...
std::string output_url(Signer const& signer, std::int64_t job, std::string_view name, std::string_view sha256,
                       std::int64_t expires);

// All finished frames of a job: GET /api/v1/files/jobs/1/archive/film.zip?expires=...&signature=...
std::string zip_url(Signer const& signer, std::int64_t job, std::string_view name, std::int64_t expires);

}  // namespace distren
