#include "common/render/render_method.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "common/base/xml.h"

namespace distren {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t max_match_bytes = 2000;
constexpr std::size_t max_groups = 6;
constexpr int min_square_pixels = 6;  // of a benchmark's strip

std::int64_t number_of(XmlElement const& element, char const* attribute) {
  std::string const text = element.attribute(attribute).value_or("0");
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);  // the schema has checked it
  return value;
}

bool is_true(XmlElement const& element, char const* attribute) {
  auto const value = element.attribute(attribute);
  return value == "true" || value == "1";
}

Error at(std::string const& file, XmlElement const& element, std::string const& what) {
  return fail(Errc::invalid, fmt::format("{}:{}: {}", file, element.line(), what));
}

Result<Pattern> pattern_of(std::string const& file, XmlElement const& element) {
  auto pattern = Pattern::compile(element.attribute("pattern").value_or(""));
  if (!pattern) return at(file, element, pattern.error().message);
  return pattern;
}

Result<MethodParameter> read_parameter(std::string const& file, XmlElement const& element) {
  MethodParameter parameter;
  parameter.name = element.attribute("name").value_or("");
  parameter.of_task = element.attribute("scope") == "task";
  parameter.of_tile = element.attribute("scope") == "tile";
  std::string const kind = element.name();
  if (kind == "integer") {
    parameter.min = number_of(element, "min");
    parameter.max = number_of(element, "max");
    if (parameter.min > parameter.max)
      return at(file, element, fmt::format("min of {} is above its max", parameter.name));
  } else if (kind == "choice") {
    parameter.kind = MethodParameter::Kind::choice;
    for (auto const& value : element.children("value")) parameter.values.push_back(value.text());
  } else if (kind == "text") {
    parameter.kind = MethodParameter::Kind::text;
    parameter.max_bytes = static_cast<std::size_t>(number_of(element, "max-bytes"));
    if (element.attribute("pattern")) {
      auto pattern = pattern_of(file, element);
      if (!pattern) return pattern.error();
      parameter.pattern = std::move(*pattern);
    }
  } else {
    parameter.kind = MethodParameter::Kind::path;
  }
  return parameter;
}

// Every {word} of an argument must be a place or a parameter: a misspelt one would reach the program as it stands.
Result<void> check_argument(RenderMethod const& method, std::string const& text) {
  for (std::size_t from = text.find('{'); from != std::string::npos; from = text.find('{', from + 1)) {
    auto const to = text.find('}', from);
    std::string const word = text.substr(from + 1, to == std::string::npos ? to : to - from - 1);
    bool const known = word == "job" || word == "folder" || word == "output" || word == "method" || word == "threads" ||
                       std::ranges::any_of(method.parameters, [&word](auto const& p) { return p.name == word; });
    if (!known) return fail(Errc::invalid, fmt::format("{{{}}} is no parameter and no place", word));
  }
  return {};
}

Result<void> read_command(RenderMethod& method, std::string const& file, XmlElement const& command) {
  method.session = is_true(command, "session");
  for (auto const& element : command.children("argument")) {
    RenderMethod::Argument argument{element.text(), element.attribute("when").value_or(""), "",
                                    element.attribute("unless").value_or("")};
    if (auto const equals = argument.when.find('='); equals != std::string::npos) {
      argument.equals = argument.when.substr(equals + 1);
      argument.when.resize(equals);
    }
    auto const known = check_argument(method, argument.text);
    if (!known) return at(file, element, known.error().message);
    for (auto const& name : {argument.when, argument.unless}) {
      auto const known_name = std::ranges::find(method.parameters, name, &MethodParameter::name);
      if (name.empty()) continue;
      if (known_name == method.parameters.end())
        return at(file, element, fmt::format("when: there is no parameter {}", name));
      if (name == argument.when && !argument.equals.empty() && !known_name->values.empty() &&
          std::ranges::count(known_name->values, argument.equals) == 0)
        return at(file, element, fmt::format("when: {} is no value of {}", argument.equals, name));
    }
    method.command.push_back(std::move(argument));
  }
  return {};
}

Result<void> read_message_patterns(std::vector<RenderMethod::MessagePattern>& out, std::string const& file,
                                   std::vector<XmlElement> const& elements, char const* default_code) {
  for (auto const& element : elements) {
    auto pattern = pattern_of(file, element);
    if (!pattern) return pattern.error();
    out.push_back({std::move(*pattern), element.attribute("text").value_or(""),
                   element.attribute("code").value_or(default_code)});
  }
  return {};
}

Result<Benchmark> read_benchmark(RenderMethod const& method, std::string const& file, XmlElement const& element) {
  auto const number = [&element](char const* name) { return static_cast<int>(number_of(element, name)); };
  Benchmark out;
  out.scene = fs::absolute(fs::path(file).parent_path() / element.attribute("scene").value_or(""));
  out.format = element.attribute("format").value_or("");
  out.width = number("width");
  out.height = number("height");
  out.first_frame = number("first-frame");
  out.last_frame = number("last-frame");
  out.min_percentage = number("min-percentage");
  out.max_percentage = number("max-percentage");
  out.min_samples = number("min-samples");
  out.max_samples = number("max-samples");
  out.fixed_ms = number("fixed-ms");
  out.ms_per_megasample = number("ms-per-megasample");
  if (out.first_frame > out.last_frame || out.min_percentage > out.max_percentage || out.min_samples > out.max_samples)
    return at(file, element, "a range of the benchmark ends before it begins");
  if (std::error_code error; !fs::is_regular_file(out.scene, error))
    return at(file, element, fmt::format("the benchmark's scene {} is not there", out.scene.string()));
  if (std::ranges::none_of(method.formats, [&out](auto const& format) { return format.name == out.format; }))
    return at(file, element, fmt::format("the benchmark's format {} is none of the output's", out.format));
  std::int64_t const narrowest = std::int64_t{out.width} * out.min_percentage / 100;
  if (narrowest < std::int64_t{benchmark_strip_squares} * min_square_pixels)
    return at(file, element,
              fmt::format("a benchmark {} pixels wide has no room for its number; {} are needed", narrowest,
                          benchmark_strip_squares * min_square_pixels));
  RenderMethod with = method;
  with.benchmark = out;
  for (auto const [frame, percentage, samples] : {std::array{out.first_frame, out.min_percentage, out.min_samples},
                                                  std::array{out.last_frame, out.max_percentage, out.max_samples}}) {
    BenchmarkVariant const variant{frame, percentage, samples, out.width * percentage / 100,
                                   out.height * percentage / 100};
    auto const good = check_parameters(with, benchmark_parameters(with, variant), ParameterScope::order);
    if (!good) return at(file, element, "the benchmark's parameters: " + good.error().message);
  }
  return out;
}

Result<RenderMethod> read_method(std::string const& file, XmlElement const& root) {
  RenderMethod method;
  method.name = root.attribute("name").value_or("");
  method.title = root.attribute("title").value_or("");
  XmlElement const program = *root.child("program");
  XmlElement const version = *program.child("version");
  method.program = program.attribute("name").value_or("");
  for (auto const& argument : version.children("argument")) method.version_arguments.push_back(argument.text());
  auto version_pattern = pattern_of(file, version);
  if (!version_pattern) return version_pattern.error();
  method.version_pattern = std::move(*version_pattern);
  method.version_missing = version.attribute("missing").value_or("");

  if (auto const element = root.child("preflight")) method.preflight = element->attribute("reader").value_or("");
  XmlElement const parameters = *root.child("parameters");
  for (auto const& element : parameters.children()) {
    auto parameter = read_parameter(file, element);
    if (!parameter) return parameter.error();
    if (std::ranges::any_of(method.parameters, [&](auto const& other) { return other.name == parameter->name; }))
      return at(file, element, fmt::format("the parameter {} is there twice", parameter->name));
    method.parameters.push_back(std::move(*parameter));
  }
  auto const command = read_command(method, file, *root.child("command"));
  if (!command) return command.error();

  if (auto const devices = root.child("devices")) {
    for (auto const& element : devices->children("argument")) {
      std::string const text = element.text();
      for (auto from = text.find('{'); from != std::string::npos; from = text.find('{', from + 1))
        if (text.substr(from, 8) != "{method}") return at(file, element, "{method} is the only place known here");
      method.device_arguments.push_back(text);
    }
  }
  for (auto const& element : root.children("progress")) {
    auto pattern = pattern_of(file, element);
    if (!pattern) return pattern.error();
    method.progress.push_back(std::move(*pattern));
  }
  if (auto const element = root.child("remaining")) {
    auto pattern = pattern_of(file, *element);
    if (!pattern) return pattern.error();
    method.remaining = std::move(*pattern);
  }
  if (auto const read = read_message_patterns(method.warnings, file, root.children("warning"), ""); !read)
    return read.error();
  if (auto const read = read_message_patterns(method.failures, file, root.children("failure"), "scene_error"); !read)
    return read.error();

  XmlElement const output = *root.child("output");
  method.digits = static_cast<int>(number_of(output, "digits"));
  for (auto const& element : output.children("format"))
    method.formats.push_back({element.attribute("name").value_or(""), element.attribute("extension").value_or("")});
  method.only_file = is_true(output, "only-file");
  method.sized = is_true(output, "sized");
  if (auto const tiles = output.attribute("tiles"))
    method.tiles = *tiles == "whole" ? RenderMethod::Tiles::whole : RenderMethod::Tiles::cropped;
  if (auto const element = root.child("benchmark")) {
    auto benchmark = read_benchmark(method, file, *element);
    if (!benchmark) return benchmark.error();
    method.benchmark = std::move(*benchmark);
  }
  for (auto const& element : root.children("probe")) {
    auto probe = read_probe(method, file, element);
    if (!probe) return probe.error();
    method.probes.push_back(std::move(*probe));
  }
  return method;
}

std::optional<double> number(std::string const& text) {
  double value = 0;
  auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// S, M:S or H:M:S, S with decimals.
std::optional<std::chrono::milliseconds> duration(std::string const& text) {
  double seconds = 0;
  std::size_t from = 0;
  while (true) {
    auto const colon = text.find(':', from);
    auto const part = number(text.substr(from, colon == std::string::npos ? colon : colon - from));
    if (!part || *part < 0) return std::nullopt;
    seconds = seconds * 60 + *part;
    if (colon == std::string::npos) break;
    from = colon + 1;
  }
  if (seconds > 1e8) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

}  // namespace

struct Pattern::Compiled {
  regex_t expression{};
  bool ready = false;
  Compiled() = default;
  Compiled(Compiled const&) = delete;
  Compiled& operator=(Compiled const&) = delete;
  ~Compiled() {
    if (ready) ::regfree(&expression);
  }
};

Result<Pattern> Pattern::compile(std::string const& expression) {
  auto compiled = std::make_shared<Compiled>();
  int const status = ::regcomp(&compiled->expression, expression.c_str(), REG_EXTENDED);
  if (status != 0) {
    std::array<char, 200> reason{};
    ::regerror(status, &compiled->expression, reason.data(), reason.size());
    return fail(Errc::invalid, fmt::format("'{}' is no regular expression: {}", expression, reason.data()));
  }
  compiled->ready = true;
  Pattern pattern;
  pattern.compiled_ = std::move(compiled);
  return pattern;
}

std::optional<std::vector<std::string>> Pattern::match(std::string_view text) const {
  if (!compiled_) return std::nullopt;
  std::string const subject(text.substr(0, max_match_bytes));
  std::array<regmatch_t, max_groups> found{};
  if (::regexec(&compiled_->expression, subject.c_str(), found.size(), found.data(), 0) != 0) return std::nullopt;
  std::vector<std::string> groups;
  for (std::size_t i = 0; i <= std::min(compiled_->expression.re_nsub, max_groups - 1); ++i) {
    auto const [from, to] = found.at(i);
    groups.push_back(from < 0 ? std::string()
                              : subject.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
  }
  return groups;
}

Result<RenderMethod> load_render_method(fs::path const& folder) {
  fs::path const file = folder / "method.xml";
  auto document = XmlDocument::load(file, folder.parent_path() / "method.xsd");
  if (!document) return document.error();
  auto method = read_method(file.string(), document->root());
  if (!method) return method;
  if (method->name != folder.filename().string())
    return fail(Errc::invalid, fmt::format("{} defines the method {}; the folder must have the same name",
                                           file.string(), method->name));
  std::error_code error;
  method->folder = fs::absolute(folder, error);
  return method;
}

Result<std::map<std::string, RenderMethod>> load_render_methods(fs::path const& methods) {
  std::map<std::string, RenderMethod> out;
  std::error_code error;
  fs::directory_iterator const items(methods, error);
  if (error)
    return fail(Errc::not_found,
                fmt::format("cannot read the render methods in {}: {}", methods.string(), error.message()));
  for (auto const& item : items) {
    if (!fs::exists(item.path() / "method.xml", error)) continue;
    auto method = load_render_method(item.path());
    if (!method) return method.error();
    out.emplace(method->name, std::move(*method));
  }
  if (out.empty()) return fail(Errc::not_found, fmt::format("there is no render method in {}", methods.string()));
  return out;
}

std::vector<std::string> command_arguments(RenderMethod const& method, json const& parameters,
                                           CommandContext const& context) {
  auto const value_of = [&](std::string const& word) -> std::string {
    if (word == "job") return context.job;
    if (word == "folder") {
      auto const folder = fs::path(parameters.value("file", "")).parent_path().string();
      return folder.empty() ? context.job : context.job + "/" + folder;
    }
    if (word == "output") return context.output;
    if (word == "method") return context.method;
    if (word == "threads") return std::to_string(context.threads);
    auto const found = parameters.find(word);
    if (found == parameters.end()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
  };
  std::vector<std::string> out;
  for (auto const& argument : method.command) {
    if (!argument.when.empty() && !parameters.contains(argument.when)) continue;
    if (!argument.unless.empty() && parameters.contains(argument.unless)) continue;
    if (!argument.equals.empty() && value_of(argument.when) != argument.equals) continue;
    std::string text;
    std::size_t from = 0;
    while (true) {  // one pass: braces inside a value stay what they are
      auto const open = argument.text.find('{', from);
      text += argument.text.substr(from, open == std::string::npos ? open : open - from);
      if (open == std::string::npos) break;
      auto const close = argument.text.find('}', open);
      text += value_of(argument.text.substr(open + 1, close - open - 1));
      from = close + 1;
    }
    out.push_back(std::move(text));
  }
  return out;
}

RenderProgress read_progress(RenderMethod const& method, std::string_view line) {
  RenderProgress progress;
  for (auto const& pattern : method.progress) {
    auto const groups = pattern.match(line);
    if (!groups || groups->size() < 3) continue;
    auto const ratio = [&groups](std::size_t at) -> std::optional<double> {
      auto const done = number((*groups)[at]);
      auto const all = number((*groups)[at + 1]);
      if (!done || !all || *all <= 0) return std::nullopt;
      return *done / *all;
    };
    auto fraction = ratio(1);
    if (fraction && groups->size() >= 5) {
      auto const inner = ratio(3);
      auto const parts = number((*groups)[2]);
      if (inner && *inner < 1) *fraction += *inner / *parts;
    }
    if (fraction && std::isfinite(*fraction)) progress.fraction = std::clamp(*fraction, 0.0, 1.0);
    break;
  }
  if (method.remaining)
    if (auto const groups = method.remaining->match(line); groups && groups->size() > 1)
      progress.remaining = duration((*groups)[1]);
  return progress;
}

json benchmark_parameters(RenderMethod const& method, BenchmarkVariant const& variant) {
  auto const takes = [&method](char const* name) {
    return std::ranges::any_of(method.parameters, [name](auto const& parameter) { return parameter.name == name; });
  };
  json out{{"frame", variant.frame}, {"samples", variant.samples}};
  if (takes("file")) out["file"] = method.benchmark->file();
  if (takes("format")) out["format"] = method.benchmark->format;
  if (takes("percentage")) {
    out["percentage"] = variant.percentage;
  } else {
    out["width"] = variant.width;
    out["height"] = variant.height;
  }
  return out;
}

std::string output_name(RenderMethod const& method, std::int64_t frame, std::string_view format) {
  auto const found = std::ranges::find_if(method.formats, [&](auto const& known) { return known.name == format; });
  std::string const& extension = (found == method.formats.end() ? method.formats.front() : *found).extension;
  std::uint64_t const size = frame < 0 ? static_cast<std::uint64_t>(-frame) : static_cast<std::uint64_t>(frame);
  return fmt::format("{}{:0{}}.{}", frame < 0 ? "-" : "", size, method.digits, extension);
}

int compare_versions(std::string_view a, std::string_view b) {
  auto const next = [](std::string_view& text) {
    std::int64_t value = 0;
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (problem != std::errc()) text = {};
    if (!text.empty()) text.remove_prefix(1);
    return value;
  };
  while (!a.empty() || !b.empty()) {
    auto const left = next(a);
    auto const right = next(b);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

bool is_renderer_version(std::string_view text) {
  constexpr std::size_t longest = 40;
  if (text.empty() || text.size() > longest || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos || std::ranges::count(text, '.') > 3) return false;
  return text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace distren
