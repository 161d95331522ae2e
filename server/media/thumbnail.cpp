#include "server/media/thumbnail.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/process/process.h"
#include "common/process/sandbox.h"
#include "server/media/staging_folder.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr auto deadline = std::chrono::seconds(60);

}  // namespace

fs::path thumbnail_file(fs::path const& job_folder, std::string_view sha256, int longest_side) {
  return job_folder / "preview" / fmt::format("{}-{}.jpg", sha256, longest_side);
}

Result<void> make_thumbnail(ImageChecker const& program, fs::path const& image, fs::path const& target,
                            int longest_side) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  StagingFolder const temporary(target.parent_path());
  if (temporary.path.empty()) {
    return fail(Errc::unavailable, fmt::format("no folder for pictures can be made in {}: is the disk full?",
                                               target.parent_path().string()));
  }
  ProcessOptions options;
  bool const boxed = program.sandboxed;
  auto const output = temporary.path / "small.jpg";
  options.argv = {program.program.string(),
                  "thumbnail",
                  boxed ? "/image/file" : image.string(),
                  boxed ? "/made/small.jpg" : output.string(),
                  "--size",
                  std::to_string(longest_side),
                  "--memory-limit-mib",
                  std::to_string(image_memory_mib)};
  options.error_output = ErrorOutput::discarded;
  if (boxed) {
    Sandbox box;
    box.bindings = {{image, "/image/file", false}, {temporary.path, "/made", true}};
    if (auto entered = enter_sandbox(options, box); !entered) return entered;
  }
  auto const report = run_process(std::move(options), deadline);
  if (!report) return report.error();
  auto const answer = nlohmann::json::parse(report->output, nullptr, false);
  if (report->timed_out || !answer.is_object() || !answer.value("ok", false)) {
    return fail(Errc::invalid, answer.is_object() ? answer.value("error", "the image cannot be shown")
                                                  : std::string("the image cannot be shown"));
  }
  if (!fs::is_regular_file(fs::symlink_status(output, error))) {
    return fail(Errc::invalid, "the image cannot be shown");
  }
  fs::rename(output, target, error);
  if (error) return fail(Errc::unavailable, fmt::format("{}: {}", target.string(), error.message()));
  return {};
}

}  // namespace distren
