#include "scene/povray_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <unordered_map>

#include "common/base/text.h"

namespace distren {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t most_bytes = std::size_t{64} << 20;
constexpr std::size_t max_references = 5000;
constexpr std::size_t longest_path = 1000;
constexpr std::size_t longest_call = 4000;  // of concat(); a limit for text that closes no bracket

// The include files of POV-Ray 3.7, sorted.
constexpr std::array own_files{
    "Mount1.png"sv,     "Mount2.png"sv,    "arrays.inc"sv,   "ash.map"sv,      "benediti.map"sv,  "bubinga.map"sv,
    "bumpmap_.png"sv,   "cedar.map"sv,     "chars.inc"sv,    "colors.inc"sv,   "consts.inc"sv,    "crystal.ttf"sv,
    "cyrvetic.ttf"sv,   "debug.inc"sv,     "finish.inc"sv,   "fract003.png"sv, "functions.inc"sv, "glass.inc"sv,
    "glass_old.inc"sv,  "golds.inc"sv,     "ior.inc"sv,      "logo.inc"sv,     "makegrass.inc"sv, "marbteal.map"sv,
    "math.inc"sv,       "meshmaker.inc"sv, "metals.inc"sv,   "mtmand.pot"sv,   "mtmandj.png"sv,   "orngwood.map"sv,
    "pinkmarb.map"sv,   "plasma2.png"sv,   "plasma3.png"sv,  "povlogo.ttf"sv,  "povmap.png"sv,    "rad_def.inc"sv,
    "rand.inc"sv,       "rdgranit.map"sv,  "screen.inc"sv,   "shapes.inc"sv,   "shapes2.inc"sv,   "shapes3.inc"sv,
    "shapes_old.inc"sv, "shapesq.inc"sv,   "skies.inc"sv,    "spiral.df3"sv,   "stage1.inc"sv,    "stars.inc"sv,
    "stdcam.inc"sv,     "stdinc.inc"sv,    "stoneold.inc"sv, "stones.inc"sv,   "stones1.inc"sv,   "stones2.inc"sv,
    "strings.inc"sv,    "sunpos.inc"sv,    "teak.map"sv,     "test.png"sv,     "textures.inc"sv,  "timrom.ttf"sv,
    "transforms.inc"sv, "ttffonts.cat"sv,  "whiteash.map"sv, "woodmaps.inc"sv, "woods.inc"sv};
static_assert(std::ranges::is_sorted(own_files));

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The kind of file that a quoted name after this word is; empty: none.
std::string_view kind_after(std::string_view word) {
  static std::unordered_map<std::string_view, std::string_view> const kinds{
      {"#include", "include"}, {"png", "image"},          {"jpeg", "image"}, {"tiff", "image"},  {"tga", "image"},
      {"gif", "image"},        {"iff", "image"},          {"ppm", "image"},  {"pgm", "image"},   {"hdr", "image"},
      {"exr", "image"},        {"sys", "image"},          {"bmp", "image"},  {"pot", "image"},   {"image_map", "image"},
      {"bump_map", "image"},   {"height_field", "image"}, {"ttf", "font"},   {"df3", "density"}, {"#fopen", "file"}};
  auto const found = kinds.find(word);
  return found == kinds.end() ? std::string_view{} : found->second;
}

class Scanner {
public:
  explicit Scanner(std::string_view text) : text_(text) {}
  PovraySummary run();

private:
  void word();
  void quoted();
  std::string quoted_text();
  void concatenated(std::string const& before);
  void add(std::string const& path, std::string_view kind, bool computed);
  void directive(std::string_view name);
  void comment();
  void take_version();
  [[nodiscard]] char at(std::size_t offset = 0) const {
    return at_ + offset < text_.size() ? text_[at_ + offset] : '\0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t braces_ = 0;
  std::int64_t branches_ = 0;  // depth of open #if, #while, #macro ...
  std::string last_word_;      // directives with their #, without the blanks between
  bool opened_ = false;        // between #fopen and the word for its mode
  std::unordered_map<std::string, std::size_t> known_;
  PovraySummary out_;
};

void Scanner::comment() {
  if (at(1) == '/') {
    at_ = std::min(text_.find('\n', at_), text_.size());
    return;
  }
  int depth = 0;  // comments nest
  while (at_ < text_.size()) {
    bool const opens = at() == '/' && at(1) == '*';
    bool const closes = at() == '*' && at(1) == '/';
    at_ += opens || closes ? 2 : 1;
    depth += opens ? 1 : closes ? -1 : 0;
    if (depth == 0) return;
  }
  out_.unclosed = true;
}

std::string Scanner::quoted_text() {
  std::string value;
  ++at_;
  while (at_ < text_.size() && at() != '"') {
    if (at() == '\\' && at(1) != '\0') ++at_;
    if (value.size() <= longest_path) value += at();
    ++at_;
  }
  if (at_ >= text_.size()) out_.unclosed = true;
  ++at_;
  return value;
}

void Scanner::quoted() {
  auto const value = quoted_text();
  auto const kind = kind_after(last_word_);
  opened_ = last_word_ == "#fopen";
  last_word_.clear();
  if (!kind.empty() && !comes_with_povray(value)) add(value, kind, false);
}

// concat("plate", str(frame_number, -4, 0), ".png") after a word for a kind of file: plate*.png.
void Scanner::concatenated(std::string const& before) {
  auto const begin = at_;
  while (at() == ' ' || at() == '\t' || at() == '\n' || at() == '\r') ++at_;
  std::string pattern;
  int depth = 0;
  while (at() != '\0' && (depth > 0 || at() == '(') && at_ - begin < longest_call) {
    if (at() == '"') {
      auto const text = quoted_text();
      if (depth == 1 && pattern.size() <= longest_path) pattern += text;
      continue;
    }
    depth += at() == '(' ? 1 : at() == ')' ? -1 : 0;
    bool const between = at() == ',' || at() == '(' || at() == ' ' || at() == '\t' || at() == '\n' || at() == '\r';
    ++at_;
    if (depth == 0) break;
    if ((depth > 1 || !between) && !pattern.ends_with('*')) pattern += '*';
  }
  if (depth == 0 && pattern.find_first_not_of("*./") != std::string::npos) add(pattern, kind_after(before), true);
  at_ = begin;  // what it is computed from is read like other text
}

void Scanner::add(std::string const& path, std::string_view kind, bool computed) {
  if (path.empty() || path.size() > longest_path) return;
  bool const certain = branches_ == 0 && !computed;
  if (auto const found = known_.find(path); found != known_.end()) {
    auto& reference = out_.references[found->second];
    reference.certain = reference.certain || certain;
    return;
  }
  if (out_.references.size() >= max_references) {
    out_.cut = true;
    return;
  }
  known_.emplace(path, out_.references.size());
  out_.references.push_back({path, std::string(kind), certain, computed});
}

// The file is listed as read until it turns out to be written.
void Scanner::directive(std::string_view name) {
  static constexpr std::array openers{"#if"sv, "#ifdef"sv, "#ifndef"sv, "#while"sv, "#for"sv, "#switch"sv, "#macro"sv};
  if (std::ranges::find(openers, name) != openers.end()) ++branches_;
  if (name == "#end" && branches_ > 0) --branches_;
}

void Scanner::take_version() {
  auto end = at_;
  while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) ++end;
  auto const begin = end;
  while (end < text_.size() && end - begin < 10 && ((text_[end] >= '0' && text_[end] <= '9') || text_[end] == '.'))
    ++end;
  if (out_.version.empty()) out_.version = text_.substr(begin, end - begin);
}

void Scanner::word() {
  auto const before = last_word_;
  bool const is_directive = at() == '#';
  if (is_directive) {
    ++at_;
    while (at() == ' ' || at() == '\t') ++at_;
  }
  auto const begin = at_;
  while (at_ < text_.size() && is_word(text_[at_])) ++at_;
  auto const name = text_.substr(begin, std::min<std::size_t>(at_ - begin, 64));
  last_word_ = (is_directive ? "#" : "") + std::string(name);
  if (is_directive) directive(last_word_);
  if (last_word_ == "#version") take_version();
  if (name == "clock" || name == "frame_number" || name == "clock_delta" || name == "clock_on") out_.uses_clock = true;
  if (opened_ && (name == "write" || name == "append")) {
    out_.writes_files = true;
    if (!out_.references.empty() && out_.references.back().kind == "file") {
      known_.erase(out_.references.back().path);
      out_.references.pop_back();
    }
  }
  opened_ = false;
  if (name == "concat" && before != "#fopen" && !kind_after(before).empty()) concatenated(before);
}

PovraySummary Scanner::run() {
  while (at_ < text_.size()) {
    char const c = at();
    if (c == '/' && (at(1) == '/' || at(1) == '*')) {
      comment();
    } else if (c == '"') {
      quoted();
    } else if (c == '#' || is_word(c)) {
      auto const name_of_file = last_word_ == "#fopen";
      word();
      if (name_of_file) last_word_ = "#fopen";  // #fopen HANDLE "file" read
    } else {
      braces_ += c == '{' ? 1 : c == '}' ? -1 : 0;
      bool const blank = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '{';
      if (!blank) last_word_.clear();
      ++at_;
    }
  }
  if (braces_ > 0) out_.unclosed = true;
  return std::move(out_);
}

Result<void> check_text(std::string_view text) {
  if (text.empty()) return fail(Errc::invalid, "This is no POV-Ray scene: the file is empty.");
  if (text.starts_with("version https://git-lfs"))
    return fail(Errc::invalid,
                "This is no POV-Ray scene: it is a git-LFS pointer; fetch the real file with 'git lfs pull'.");
  if (text.substr(0, 65536).find('\0') != std::string_view::npos)
    return fail(Errc::invalid, "This is no POV-Ray scene: it is no text.");
  return {};
}

}  // namespace

bool comes_with_povray(std::string_view name) {
  return std::ranges::binary_search(own_files, name);
}

PovraySummary scan_povray(std::string_view text) {
  auto summary = Scanner(text.substr(0, most_bytes)).run();
  if (text.size() > most_bytes) {
    summary.cut = true;
    summary.unclosed = false;
  }
  return summary;
}

Result<PovraySummary> inspect_povray(std::filesystem::path const& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(Errc::not_found, fmt::format("cannot open {}", printable(file.string(), 300)));
  std::string text(most_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (auto good = check_text(text); !good) return good.error();
  return scan_povray(text);
}

}  // namespace distren
