// What a job's POV-Ray scene means for the job: which files it names and lacks, and what will probably look wrong.
// Pure; the caller reads the files, see server/submit/scene_reader.h. invalid: every frame would fail, and why.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scene/povray_text.h"
#include "server/store/jobs.h"
#include "server/submit/blend_check.h"

namespace distren {

// What is in the file at this path of the job.
using ReadPovray = std::function<Result<PovraySummary>(std::string const& path)>;

// Adds warnings and needs to the findings.
Result<void> check_povray(store::NewJob const& job, ReadPovray const& read, BlendFindings& findings);

}  // namespace distren
