// distren-scene: describes an untrusted scene file; always run as a sandboxed child by distrend. Prints one JSON
// object. Exit 0: {"ok":true,...}; 1: unreadable scene, {"ok":false,"code":...,"error":...}; 2: usage error.
#include "config.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <new>

#include "common/archive/unpack.h"
#include "common/base/command_line.h"
#include "common/base/json_text.h"
#include "common/base/sanitizer.h"
#include "scene/scene_json.h"

namespace {

using distren::Errc;
using nlohmann::json;

constexpr std::size_t max_entries = 20000;  // per list; the output stays small enough for the server to parse

json problem(distren::Error const& error) {
  return {{"ok", false}, {"code", error.code == Errc::invalid ? "invalid" : "unavailable"}, {"error", error.message}};
}

json describe_blend(std::string const& file) {
  distren::BlendLimits limits;
  limits.entries = max_entries;
  auto const summary = distren::inspect_blend(std::filesystem::path(file), limits);
  if (!summary) return problem(summary.error());
  return {{"ok", true}, {"blend", distren::to_json(*summary)}};
}

json describe_povray(std::string const& file) {
  auto const summary = distren::inspect_povray(file);
  if (!summary) return problem(summary.error());
  return {{"ok", true}, {"povray", distren::to_json(*summary)}};
}

struct Unpacking {
  std::string into;
  std::string program;
  distren::UnpackLimits limits;
};

json unpack_archive(std::string const& file, Unpacking const& how) {
  namespace fs = std::filesystem;
  auto const unpacked = distren::unpack(file, how.into, how.limits);
  if (!unpacked) return problem(unpacked.error());
  auto const layout = distren::find_layout(how.into, how.program);
  if (!layout) return problem(layout.error());
  return {{"ok", true},
          {"archive",
           {{"bytes", unpacked->bytes},
            {"entries", unpacked->entries},
            {"own_root", layout->own_root},
            {"root", fs::path(layout->root).lexically_relative(how.into).string()},
            {"program", layout->program}}}};
}

json guarded(std::string const& reader, std::string const& file, Unpacking const& how) {
  try {
    if (reader == "archive") return unpack_archive(file, how);
    return reader == "povray" ? describe_povray(file) : describe_blend(file);
  } catch (std::bad_alloc const&) {
    return problem(distren::fail(Errc::invalid, "The scene needs more memory to be read than is allowed."));
  } catch (std::exception const& what) {
    return problem(distren::fail(Errc::invalid, std::string("The scene cannot be read: ") + what.what()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Describe a scene file without rendering it.", "distren-scene");
  app.set_version_flag("-V,--version", PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  std::string reader = "blend";
  app.add_option("--reader", reader, "Format of the file: blend, povray or archive (default blend)")
      ->check(CLI::IsMember({"blend", "povray", "archive"}));
  Unpacking how;
  app.add_option("--into", how.into, "Of an archive: the empty folder to unpack it into");
  app.add_option("--program", how.program, "Of an archive: the program that it should have");
  app.add_option("--max-bytes", how.limits.bytes, "Of an archive: maximum size, unpacked (default 8 GiB)");
  app.add_option("--max-entries", how.limits.entries, "Of an archive: maximum number of entries (default 200,000)");
  std::string file;
  app.add_option("FILE", file, "The scene file")->required();
  if (auto const ended = distren::parse_command_line(app, argc, argv)) return *ended;
  rlimit const no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  auto const report = guarded(reader, file, how);
  std::cout << distren::to_text(report) << std::endl;
  return report.value("ok", false) && std::cout ? 0 : 1;
}
