#include "server/submit/scene_reader.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/process/process.h"
#include "common/process/sandbox.h"
#include "scene/scene_json.h"

namespace distren {

namespace {

constexpr std::size_t output_limit = std::size_t{24} << 20;  // bytes; a film's scene with 1,000 textures has 200 KiB

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // their shadow memory alone is beyond any limit
#else
constexpr bool sanitized = false;
#endif

constexpr auto way_out =
    "the file is damaged or made to break programs; open it in Blender, save it under a new name and submit that";

// What the owner reads when the reader did not come to an end by itself.
Error broken(std::string const& how) {
  return fail(Errc::invalid, fmt::format("it cannot be read: its reader {}; {}", how, way_out));
}

Result<nlohmann::json> read_scene(SceneReader const& reader, std::string const& kind,
                                  std::filesystem::path const& file) {
  ProcessOptions options;
  options.argv = {reader.program.string(), "--reader", kind, reader.sandboxed ? "/scene/file" : file.string()};
  options.error_output = ErrorOutput::discarded;
  options.line_limit = output_limit;
  options.limits = {.memory = sanitized ? 0 : reader.memory, .file_size = 4096, .open_files = 64, .nice = 5};
  if (reader.sandboxed) {
    Sandbox box;
    box.bindings = {{file, "/scene/file", false}};
    box.temporary_size = 1U << 20;
    if (auto entered = enter_sandbox(options, box); !entered) return entered.error();
  }
  auto const report = run_process(std::move(options), reader.deadline, output_limit);
  if (!report) return fail(Errc::unavailable, report.error().message);
  if (report->timed_out) {
    return broken(fmt::format("took longer than {}", human_time(reader.deadline.count())));
  }
  if (report->output_cut || report->output.size() + 1 >= output_limit) {
    return broken(fmt::format("said more than {} about it", human_size(static_cast<std::int64_t>(output_limit))));
  }
  auto const answer = nlohmann::json::parse(report->output, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean()) {
    return broken(report->end.ok() ? "said nothing of use" : report->end.text());
  }
  if (!answer["ok"].get<bool>()) {
    auto const code = answer.contains("code") && answer["code"] == "unavailable" ? Errc::unavailable : Errc::invalid;
    auto const said = answer.find("error");
    return fail(code, said != answer.end() && said->is_string() ? printable(said->get<std::string>(), 600) : way_out);
  }
  if (auto const found = answer.find(kind); found != answer.end()) return *found;
  return broken("said nothing of use");
}

template <typename Summary>
Result<Summary> believed(Result<Summary> summary) {
  if (summary) return summary;
  return broken(fmt::format("does not speak as it should ({})", summary.error().message));
}

}  // namespace

Result<BlendSummary> read_blend(SceneReader const& reader, std::filesystem::path const& file) {
  auto const scene = read_scene(reader, "blend", file);
  return scene ? believed(blend_from_json(*scene)) : scene.error();
}

Result<PovraySummary> read_povray(SceneReader const& reader, std::filesystem::path const& file) {
  auto const scene = read_scene(reader, "povray", file);
  return scene ? believed(povray_from_json(*scene)) : scene.error();
}

}  // namespace distren
