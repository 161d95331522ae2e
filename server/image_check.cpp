#include "server/image_check.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/process.h"
#include "common/sandbox.h"
#include "common/video.h"

namespace distren {

namespace {

constexpr auto deadline = std::chrono::seconds(60);
constexpr int memory_limit_mib = 2048;  // 100 Mpx of four floats are 1.6 GiB

}  // namespace

Result<void> check_image(ImageChecker const& checker, std::filesystem::path const& image, OutputSpec const& expected,
                         int code) {
  if (is_video_format(expected.format)) return check_video(image, expected.format);
  ProcessOptions options;
  std::string const inside = checker.sandboxed ? "/image/file" : image.string();
  options.argv = {checker.program.string(),         "check",    inside,         "--memory-limit-mib",
                  std::to_string(memory_limit_mib), "--format", expected.format};
  if (expected.width > 0 && expected.height > 0)
    options.argv.insert(options.argv.end(),
                        {"--width", std::to_string(expected.width), "--height", std::to_string(expected.height)});
  if (code > 0) options.argv.insert(options.argv.end(), {"--code", std::to_string(code)});
  options.error_output = ErrorOutput::discarded;
  if (checker.sandboxed) {
    Sandbox box;
    box.bindings = {{image, "/image/file", false}};
    if (auto entered = enter_sandbox(options, box); !entered) return entered;
  }
  auto const report = run_process(std::move(options), deadline);
  if (!report) return report.error();
  auto const verdict = nlohmann::json::parse(report->output, nullptr, false);
  if (report->timed_out || !verdict.is_object() || !verdict.contains("ok"))
    return fail(Errc::invalid, fmt::format("the image could not be decoded: the decoder {}",
                                           report->timed_out ? "took longer than a minute" : report->end.text()));
  if (verdict.value("ok", false)) return {};
  return fail(Errc::invalid, verdict.value("error", "the image could not be decoded"));
}

}  // namespace distren
