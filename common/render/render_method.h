// A render method: how a program is found, run and parsed, as methods/NAME/method.xml defines (schema
// methods/method.xsd). Only the method's name, a version and typed parameters are sent to slaves; the server validates
// them with the definition from which the slave builds the command line. Values; immutable after loading, any thread.
// Errors: invalid, naming file and line, or parameter, value and what is allowed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/render/benchmark.h"
#include "common/render/probe.h"

namespace distren {

// A POSIX extended regular expression: bounded work on untrusted text. Text is truncated at 2,000 bytes.
class Pattern {
public:
  static Result<Pattern> compile(std::string const& expression);
  // All groups, the whole match first; an unused group is empty. nullopt: no match.
  [[nodiscard]] std::optional<std::vector<std::string>> match(std::string_view text) const;

private:
  struct Compiled;
  std::shared_ptr<Compiled const> compiled_;  // shared: a compiled expression cannot be copied, a definition can
};

struct MethodParameter {
  enum class Kind { integer, choice, text, path };
  std::string name;
  Kind kind = Kind::integer;
  bool of_task = false;  // set by the server for each frame, and always there
  bool of_tile = false;  // set by the server where a frame is rendered in tiles
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::size_t max_bytes = 0;
  std::vector<std::string> values{};
  std::optional<Pattern> pattern{};
};

struct RenderMethod {
  struct Argument {
    std::string text;
    std::string when{};    // a parameter's name; empty: always
    std::string equals{};  // its value; empty: any
    std::string unless{};  // a parameter's name: left out when it is there
  };
  struct MessagePattern {
    Pattern pattern;
    std::string text;
    std::string code{};  // of a failure: whose fault it is, as a result says it
  };
  struct Format {
    std::string name;
    std::string extension;
  };

  std::string name;
  std::string title;
  std::filesystem::path folder;  // where the definition and its scripts lie
  std::string program;
  std::vector<std::string> version_arguments;
  Pattern version_pattern;
  std::string preflight{};      // "blend", "povray": the reader that inspects scenes; empty: none
  std::string version_missing;  // why a program may report no version; empty: it is another program
  std::vector<MethodParameter> parameters;
  std::vector<Argument> command;
  std::vector<std::string> device_arguments{};  // to list graphics cards; empty: it renders on the processor alone
  bool session = false;                         // the program stays open and takes frames as JSON lines
  std::vector<Pattern> progress;
  std::optional<Pattern> remaining;
  std::vector<MessagePattern> warnings;
  std::vector<MessagePattern> failures;
  std::optional<Benchmark> benchmark{};  // empty: slaves are not benchmarked with this method
  std::vector<Probe> probes{};           // what a slave tries before it offers the method; empty: it is believed
  int digits = 4;
  std::vector<Format> formats;
  bool sized = false;      // the image's size is given by the parameters width and height
  bool only_file = false;  // the program appends to the name of its output
  enum class Tiles { none, cropped, whole };
  Tiles tiles = Tiles::none;  // whether frames can be rendered in tiles, and the size of a tile's image
};

// folder: methods/NAME; the schema is method.xsd beside it.
Result<RenderMethod> load_render_method(std::filesystem::path const& folder);
// Every definition below methods/, by name. Errors: as above, if any definition is invalid.
Result<std::map<std::string, RenderMethod>> load_render_methods(std::filesystem::path const& methods);

enum class ParameterScope { job, order };  // what an owner may set; everything in an order

// Known names with valid values; null values are omitted. The Error names every wrong
// parameter.
Result<nlohmann::json> check_parameters(RenderMethod const& method, nlohmann::json const& given,
                                        ParameterScope scope = ParameterScope::job);

struct CommandContext {
  std::string job;     // folder of the scene's files, as the program sees it
  std::string output;  // file to write
  std::string method;  // the definition's folder
  int threads = 1;
};
// The arguments after the program. Requires parameters that passed check_parameters.
std::vector<std::string> command_arguments(RenderMethod const& method, nlohmann::json const& parameters,
                                           CommandContext const& context);

struct RenderProgress {
  std::optional<double> fraction{};  // 0 to 1
  std::optional<std::chrono::milliseconds> remaining{};
};
RenderProgress read_progress(RenderMethod const& method, std::string_view line);

// The parameters of an order of this variant; they pass check_parameters. Requires a method with a benchmark.
nlohmann::json benchmark_parameters(RenderMethod const& method, BenchmarkVariant const& variant);

// "0005.png"; an unknown format gets the extension of the first.
std::string output_name(RenderMethod const& method, std::int64_t frame, std::string_view format);

// Dotted numbers: -1, 0 or 1. "3.4" equals "3.4.0".
int compare_versions(std::string_view a, std::string_view b);
// As people write one, or the beginning of one: "4.3", "4.3.2"; of up to four numbers.
bool is_renderer_version(std::string_view text);

}  // namespace distren
