// distren-image: decodes, checks, compares, thumbnails and stitches untrusted images. Prints one JSON object (serve:
// one for each file). Exit 0: success; 1: the image is rejected, {"ok":false,"error":...}; 2: usage error.
#include "config.h"

#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <new>

#include "common/base/command_line.h"
#include "common/base/json_text.h"
#include "common/render/benchmark.h"
#include "image/commands.h"
#include "image/image.h"
#include "image/sanitizer.h"
#include "image/serve.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;  // its shadow memory alone exceeds any limit
#else
constexpr bool sanitized = false;
#endif

namespace {

using Outcome = distren::Result<nlohmann::json>;

// The libraries alone take some 150 MiB before the first image is opened, which no caller can know: the limit is added
// to that. Where /proc is not mounted, a generous estimate stands for the figure.
unsigned long data_in_use() {
  unsigned long pages[6] = {};
  std::ifstream statm("/proc/self/statm");
  for (auto& count : pages) statm >> count;
  return statm ? pages[5] * static_cast<unsigned long>(sysconf(_SC_PAGESIZE)) : 256UL << 20;
}

bool limit_memory(unsigned long mebibytes) {
  rlimit const no_core{0, 0};
  if (setrlimit(RLIMIT_CORE, &no_core) != 0) return false;
  if (mebibytes == 0 || sanitized) return true;
  rlim_t const bytes = data_in_use() + (mebibytes << 20);
  rlimit const data{bytes, bytes};
  return setrlimit(RLIMIT_DATA, &data) == 0;
}

Outcome run_guarded(std::function<Outcome()> const& command) {
  try {
    return command();
  } catch (std::bad_alloc const&) {
    return distren::fail(distren::Errc::invalid, "The image needs more memory than is allowed.");
  } catch (std::exception const& problem) {
    return distren::fail(distren::Errc::invalid, std::string("The image cannot be read: ") + problem.what());
  }
}

constexpr std::array<distren::RenamedOption, 2> renamed_options{
    {{"--code", "--benchmark-frame"}, {"--whole", "--full-frame"}}};

int print(Outcome const& outcome) {
  nlohmann::json const report = outcome ? *outcome : nlohmann::json{{"ok", false}, {"error", outcome.error().message}};
  std::cout << distren::to_text(report) << std::endl;
  return outcome && std::cout ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Check, compare, shrink and stitch rendered images.", "distren-image");
  app.set_version_flag("-V,--version", PACKAGE_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(1);
  app.fallthrough();
  unsigned long memory_limit_mib = 0;
  app.add_option("--memory-limit-mib", memory_limit_mib,
                 "Maximum memory for the image in MiB; 0 is no limit (default 0)")
      ->check(CLI::Range(0UL, 1UL << 20));
  std::function<Outcome()> command;

  std::string first, second;
  distren::CheckOptions check_options;
  auto* check = app.add_subcommand("check", "Decode every pixel of FILE and describe it");
  check->add_option("FILE", first, "The image")->required();
  check->add_option("--width", check_options.width, "Required width in pixels (default any)")
      ->check(CLI::PositiveNumber);
  check->add_option("--height", check_options.height, "Required height in pixels (default any)")
      ->check(CLI::PositiveNumber);
  check->add_option("--format", check_options.format, "Required format: PNG, JPEG, OPEN_EXR, TIFF ... (default any)");
  check
      ->add_option("--benchmark-frame", check_options.code,
                   "Required frame number in the strip of a benchmark's lower edge (default none)")
      ->check(CLI::Range(1, (1 << distren::benchmark_code_bits) - 1));
  check->callback([&] { command = [&] { return distren::check_image(first, check_options); }; });

  bool relaxed = false;
  auto* compare = app.add_subcommand("compare", "Measure how far two renders of one frame differ");
  compare->add_option("A", first, "One image")->required();
  compare->add_option("B", second, "The other image")->required();
  compare->add_flag("--relaxed", relaxed, "Use the wider limits for motion blur, volumes, hair and GPUs");
  compare->callback([&] { command = [&] { return distren::compare_images(first, second, relaxed); }; });

  int size = 0;
  auto* thumbnail = app.add_subcommand("thumbnail", "Shrink IN to OUT, a PNG or JPEG by its suffix");
  thumbnail->add_option("IN", first, "The image")->required();
  thumbnail->add_option("OUT", second, "File to write")->required();
  thumbnail->add_option("--size", size, "Length of the long side in pixels")->required();
  thumbnail->callback([&] { command = [&] { return distren::make_thumbnail(first, second, size); }; });

  distren::TileGrid grid;
  long frame = 0;
  std::string pattern;
  std::vector<std::string> words;
  auto* stitch = app.add_subcommand("stitch", "Stitch tiles, pixel for pixel");
  stitch->add_option("OUT", first, "File to write")->required();
  stitch->add_option("--width", grid.width, "Width of the frame in pixels")->required();
  stitch->add_option("--height", grid.height, "Height of the frame in pixels")->required();
  auto* listed = stitch->add_option("TILES", words, "Tiles as FILE@X,Y, in pixels from the top left corner");
  auto* named =
      stitch->add_option("--pattern", pattern, "Name pattern of a frame's tiles, like %04d.png for 0005-t0003.png");
  stitch->add_option("--frame", frame, "Number of the frame, with --pattern")->needs(named);
  stitch->add_option("--columns", grid.columns, "Tiles side by side, with --pattern")->needs(named);
  stitch->add_option("--rows", grid.rows, "Tiles one below the other, with --pattern")->needs(named);
  stitch->add_option("--overscan", grid.overscan, "Pixels of each image beyond its tile (default 0)")->needs(named);
  stitch->add_flag("--full-frame", grid.whole, "Each image has the size of the full frame, with --pattern")
      ->needs(named);
  listed->excludes(named);
  stitch->require_option(3, 0);
  std::vector<distren::PlacedTile> tiles;
  stitch->callback([&] {
    if (auto good = distren::check_tiles(grid); !pattern.empty() && !good)
      throw CLI::ValidationError("--pattern", good.error().message);
    if (!pattern.empty()) tiles = distren::tiles_of_frame(grid, pattern, frame);
    for (auto const& word : words) {
      auto tile = distren::parse_tile(word);
      if (!tile) throw CLI::ValidationError("TILES", tile.error().message);
      tiles.push_back(*tile);
    }
    command = [&] { return distren::stitch_tiles(first, grid.width, grid.height, tiles); };
  });

  bool serve = false;
  auto* server = app.add_subcommand("serve", "Check the files received as descriptors on standard input, one by one");
  server->callback([&serve] { serve = true; });

  if (auto const ended = distren::parse_command_line(app, argc, argv, renamed_options)) return *ended;
  if (serve)
    return distren::serve_checks({[&]() -> distren::Result<void> {
                                    distren::image_library_limits();
                                    if (limit_memory(memory_limit_mib)) return {};
                                    return distren::fail(distren::Errc::unavailable, "no limit can be set");
                                  },
                                  [](auto const& file, auto const& options) {
                                    return run_guarded([&] { return distren::check_image(file, options); });
                                  }});
  distren::image_library_limits();  // first: the library starts a thread here, which the limit would prevent
  if (!limit_memory(memory_limit_mib)) {
    std::perror("distren-image: setrlimit");
    return 2;
  }
  return print(run_guarded(command));
}
