// What one submission becomes: a job for each variation, and after each the steps that make something of its frames:
// tiles are stitched, the whole is denoised, frames become a video. A step is a job of its own, made of the output of
// the one before it. Worker threads. invalid: names what was asked for and what stands against it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"
#include "server/store/jobs.h"
#include "server/submit/job_request.h"

namespace distren {

// A job whose main file begins so has the images of the job before it numbered in a row, from 1, in the order of
// frames: sequence/0000001.png. Numbers with gaps, of other lengths or below zero make no difference to what is made of
// them.
constexpr std::string_view in_a_row = "sequence/";

struct PlannedJob {
  store::NewJob job;
  bool result = true;    // what people wait for; false: another job is made of it
  std::string folder{};  // of its output beside the others'; empty: the submission's own
};

// The request's variations as requests of their own; itself alone when it has none.
std::vector<JobRequest> variations_of(JobRequest const& request);

// variations: looked into (inspect_jobs). slots: how many frames the grid renders at once, for the number of tiles.
Result<std::vector<PlannedJob>> plan_submission(std::vector<JobRequest> const& variations,
                                                std::map<std::string, RenderMethod> const& methods, int slots);

}  // namespace distren
