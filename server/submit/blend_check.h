// What a job's .blend means for the job: is what the owner asks for in the file, how large will the frames be, which
// Blender can open it, and what will probably look wrong (warnings). The files are read by whoever calls, see
// server/submit/scene_reader.h. Pure. invalid: with a sentence that names what is there instead.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"
#include "scene/blend/blend_file.h"
#include "scene/blend/finding.h"
#include "scene/blend/scene_rules.h"
#include "server/store/jobs.h"

namespace distren {

// A file that the scene names: "included", "missing", "absolute_path" (of another machine), "outside_root" (of the
// submitted folder) or "other_case".
struct ExternalFileState {
  std::string path;  // as the scene has it
  std::string kind;
  std::string state;
};

// More are not told: a scene is mended in rounds.
constexpr std::size_t most_warnings = 50;
constexpr std::size_t max_external_files = 1000;

struct BlendFindings {
  nlohmann::json output;      // {"format","width","height","pattern"}; no size where it is not known beforehand
  nlohmann::json parameters;  // as given, with what the file makes necessary
  std::string version;        // oldest Blender that can open it
  std::string saved{};        // by this one
  std::string engine{};       // that renders it; empty: not known
  std::vector<Finding> warnings;
  std::vector<ExternalFileState> needs;
  std::int64_t memory_mib = 0;  // roughly, of one frame; 0: not known
};

// What is in the .blend at this path of the job.
using ReadBlend = std::function<Result<BlendSummary>(std::string const& path)>;

// request: what the parameters ask for (scene_request), and whether tiles are.
Result<BlendFindings> check_blend(RenderMethod const& method, std::string const& source,
                                  nlohmann::json const& parameters, SceneRequest const& request,
                                  std::vector<store::JobFile> const& files, ReadBlend const& read);

}  // namespace distren
