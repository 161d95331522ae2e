// What is found out about a submission before it is accepted: whether its files are there, and what stands in its
// source, read by sandboxed children (scene_reader.h), which takes seconds. Worker threads.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/result.h"
#include "common/render/render_method.h"
#include "server/database/connection.h"
#include "server/storage/blob_store.h"
#include "server/submit/blend_check.h"
#include "server/submit/job_request.h"
#include "server/submit/scene_reader.h"

namespace distren {

// Digests of files that this user has not uploaded. Those must not be inspected: that would tell a file's
// content to everyone who knows its digest.
Result<std::set<std::string>> missing_digests(Database& database, std::int64_t user,
                                              std::vector<store::JobFile> const& files);
// conflict: names some of the files that this user has not uploaded.
Result<void> check_uploaded(Database& database, std::int64_t user, std::vector<store::JobFile> const& files);

struct InspectionTools {
  SceneReader reader;
  BlobStore const& blobs;
  std::map<std::string, RenderMethod> const& methods;
};

// The scene files of one job; each .blend is read once however often it is asked for. The job outlives it.
class SceneFiles {
public:
  // Those in `missing` are not looked into.
  SceneFiles(InspectionTools const& tools, store::NewJob const& job, std::set<std::string> const& missing);

  Result<BlendSummary> const& read(std::string const& path);
  [[nodiscard]] Result<PovraySummary> read_povray_text(std::string const& path) const;

private:
  using Clock = std::chrono::steady_clock;
  template <typename Summary, typename Read>
  Result<Summary> with_reader(std::string const& path, Read const& read) const;

  InspectionTools const& tools_;
  Clock::time_point until_;
  std::unordered_map<std::string_view, std::string_view> digests_;
  std::map<std::string, Result<BlendSummary>> known_;
};

// Fills in output, version, warnings and parameters of each; invalid when the source does not fit. The requests are
// variations of one, with the same files. Returns what was found for the first.
Result<BlendFindings> inspect_jobs(InspectionTools const& tools, std::span<JobRequest> variations, SceneFiles& scenes);

}  // namespace distren
