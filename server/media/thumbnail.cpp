#include "server/media/thumbnail.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>

#include "common/process/process.h"
#include "common/process/sandbox.h"

namespace distren {

namespace {

namespace fs = std::filesystem;

constexpr auto deadline = std::chrono::seconds(60);
constexpr int memory_limit_mib = 2048;  // as for the check of a result

// A folder of its own for what comes out of the sandbox, gone with the object.
class Scratch {
public:
  explicit Scratch(fs::path const& beside) {
    auto name = (beside / ".making-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path = name;
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
  fs::path path;
};

}  // namespace

fs::path thumbnail_file(fs::path const& job_folder, std::string_view sha256, int longest_side) {
  return job_folder / "preview" / fmt::format("{}-{}.jpg", sha256, longest_side);
}

Result<void> make_thumbnail(ImageChecker const& program, fs::path const& image, fs::path const& small,
                            int longest_side) {
  std::error_code error;
  fs::create_directories(small.parent_path(), error);
  Scratch const scratch(small.parent_path());
  if (scratch.path.empty()) {
    return fail(Errc::unavailable, fmt::format("no folder for pictures can be made in {}: is the disk full?",
                                               small.parent_path().string()));
  }
  ProcessOptions options;
  bool const boxed = program.sandboxed;
  auto const made = scratch.path / "small.jpg";
  options.argv = {program.program.string(),
                  "thumbnail",
                  boxed ? "/image/file" : image.string(),
                  boxed ? "/made/small.jpg" : made.string(),
                  "--size",
                  std::to_string(longest_side),
                  "--memory-limit-mib",
                  std::to_string(memory_limit_mib)};
  options.error_output = ErrorOutput::discarded;
  if (boxed) {
    Sandbox box;
    box.bindings = {{image, "/image/file", false}, {scratch.path, "/made", true}};
    if (auto entered = enter_sandbox(options, box); !entered) return entered;
  }
  auto const report = run_process(std::move(options), deadline);
  if (!report) return report.error();
  auto const verdict = nlohmann::json::parse(report->output, nullptr, false);
  if (report->timed_out || !verdict.is_object() || !verdict.value("ok", false)) {
    return fail(Errc::invalid, verdict.is_object() ? verdict.value("error", "the image cannot be shown")
                                                   : std::string("the image cannot be shown"));
  }
  if (!fs::is_regular_file(fs::symlink_status(made, error))) {
    return fail(Errc::invalid, "the image cannot be shown");
  }
  fs::rename(made, small, error);
  if (error) return fail(Errc::unavailable, fmt::format("{}: {}", small.string(), error.message()));
  return {};
}

}  // namespace distren
