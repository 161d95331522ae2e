// The body of POST /api/v1/jobs, read and checked as far as that goes without looking at files. invalid names every
// bad thing in one message. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"
#include "server/store/jobs.h"
#include "server/submit/parameter_file.h"

namespace distren {

class JsonBody;

struct JobRequestLimits {
  int frames = 100000;
  int files = 100000;
  std::int64_t file_bytes = std::int64_t{8} << 30;
};

// What is to be made of the frames; see submission.h.
struct PostProcessing {
  bool tiled = false;
  int columns = 0;  // 0: the server chooses
  int rows = 0;
  int overscan = 8;  // pixels
  bool denoise = false;
  nlohmann::json video{};  // parameters of methods/ffmpeg; null: none
};

// Everything of the job but output, version, renderer and warnings, which come from looking into its source.
struct JobRequest {
  store::NewJob job;
  nlohmann::json parameters;  // checked by the method's definition
  PostProcessing steps{};
  std::int64_t project = 0;  // 0: none
  std::vector<Variation> variations{};
  std::string sequence{};  // of the shot that all of it belongs to; empty: none
  std::string shot{};
  std::string wanted_build{};  // of a delivered archive, with job.renderer.wanted; empty: any
  std::string variation{};     // which one of a submission's this is; empty: it has none
};

// A job's name with something behind it that nobody typed, cut between characters where both are too long.
constexpr std::size_t max_job_name = 200;  // bytes
std::string extended_name(std::string const& name, std::string_view suffix);

// What is said of a shot, "SEQUENCE/SHOT"; how long names may be is the procedure's affair.
struct ShotName {
  std::string sequence;
  std::string shot;
};
Result<ShotName> parse_shot_name(std::string_view text);

// "renderer": {"version", "build"}: by which renderer somebody wants a job rendered. Absent: wanted stays empty.
void read_renderer(JsonBody& body, std::string& wanted, std::string& build);

Result<JobRequest> read_job_request(std::string_view body, std::map<std::string, RenderMethod> const& methods,
                                    JobRequestLimits const& limits);

}  // namespace distren
