#include "slave/image_check.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/process.h"
#include "common/sandbox.h"
#include "common/text.h"
#include "common/video.h"

namespace distren {

namespace {

constexpr int kMemoryMib = 4096;  // 100 megapixels of four floats, twice, and the libraries

}  // namespace

Result<void> check_picture(PictureChecker const& checker, std::filesystem::path const& image,
                           PictureWanted const& wanted) {
  if (is_video_format(wanted.format)) return check_video(image, wanted.format);
  ProcessOptions options;
  options.argv = {checker.program.string(), "--memory-limit-mib", std::to_string(kMemoryMib), "check"};
  options.argv.push_back(checker.sandboxed ? "/image/" + image.filename().string() : image.string());
  if (wanted.width > 0 && wanted.height > 0)
    options.argv.insert(options.argv.end(),
                        {"--width", std::to_string(wanted.width), "--height", std::to_string(wanted.height)});
  if (!wanted.format.empty()) options.argv.insert(options.argv.end(), {"--format", wanted.format});
  options.error_output = ErrorOutput::discarded;
  options.line_limit = 64U << 10;
  if (checker.sandboxed) {
    Sandbox sandbox;
    sandbox.bindings = {{image.parent_path(), "/image", false}};
    if (auto const entered = enter_sandbox(options, sandbox); !entered) return entered;
  }
  auto const report = run_process(std::move(options), std::chrono::seconds(120));
  if (!report) return fail(Errc::unavailable, report.error().message);
  auto const answer = nlohmann::json::parse(report->output, nullptr, false);
  if (answer.is_object() && answer.value("ok", nlohmann::json()) == true && report->end.ok()) return {};
  if (answer.is_object())
    if (auto const error = answer.value("error", nlohmann::json()); error.is_string())
      return fail(Errc::invalid, "the picture is not usable: " + printable(error.get<std::string>(), 500));
  if (report->end.exit_code == 2)
    return fail(Errc::unavailable, fmt::format("{} does not understand how it was called", checker.program.string()));
  return fail(Errc::invalid, fmt::format("the picture cannot be decoded: the decoder {}", report->end.text()));
}

}  // namespace distren
