// The body of POST /api/v1/jobs, read and checked as far as that goes without looking at files. invalid names every
// bad thing in one message. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/render_method.h"
#include "common/result.h"
#include "server/store/jobs.h"

namespace distren {

struct JobRequestLimits {
  int frames = 100000;
  int files = 100000;
  std::int64_t file_bytes = std::int64_t{8} << 30;
};

// Everything of the job but output, version and warnings, which come from looking into its source.
struct JobRequest {
  store::NewJob job;
  nlohmann::json parameters;  // checked by the method's definition
};

Result<JobRequest> read_job_request(std::string_view body, std::map<std::string, RenderMethod> const& methods,
                                    JobRequestLimits const& limits);

}  // namespace distren
