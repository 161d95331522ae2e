#include "client/validators.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include "common/base/points_text.h"
#include "common/base/text.h"
#include "common/render/frame_range.h"
#include "common/render/render_method.h"

namespace distren::client {
namespace {

constexpr int largest_percentage = 400;

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string translated(std::string const& text, std::map<std::string, std::string> const& words) {
  auto const upper = capitals(text);
  auto const found = words.find(upper);
  return found == words.end() ? upper : found->second;
}

}  // namespace

CLI::Validator frames_validator() {
  return {[](std::string& text) {
            auto frames = parse_frames(text);
            return frames ? std::string() : frames.error().message;
          },
          "RANGE"};
}

CLI::Validator points_validator() {
  return {[](std::string& text) {
            auto const points = parse_points(text);
            return points ? std::string() : points.error().message;
          },
          "POINTS"};
}

CLI::Validator setting_validator() {
  return {[](std::string& text) {
            auto const equals = text.find('=');
            if (equals != std::string::npos && equals > 0 && equals + 1 < text.size()) return std::string();
            return fmt::format("'{}' is not NAME=VALUE, like width=960", printable(text, 100));
          },
          "NAME=VALUE"};
}

CLI::Validator frame_rate_validator() {
  return {[](std::string& text) {
            auto const slash = text.find('/');
            auto const number = [](std::string_view digits) {
              int value = 0;
              auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
              return error == std::errc() && end == digits.data() + digits.size() && digits.size() <= 6 ? value : 0;
            };
            auto const above = number(std::string_view(text).substr(0, slash));
            auto const below = slash == std::string::npos ? 1 : number(std::string_view(text).substr(slash + 1));
            return below >= 1 && above >= below && above / below <= 240
                       ? std::string()
                       : fmt::format("'{}' is no frame rate; write 1 to 240, or a fraction like 30000/1001",
                                     printable(text, 40));
          },
          "RATE"};
}

int percentage_of(std::string const& text) {
  auto const number = text.ends_with('%') ? std::string_view(text).substr(0, text.size() - 1) : std::string_view(text);
  int value = 0;
  auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  return error == std::errc() && end == number.data() + number.size() ? value : 0;
}

CLI::Validator percentage_validator() {
  return {[](std::string& text) {
            auto const value = percentage_of(text);
            return value >= 1 && value <= largest_percentage
                       ? std::string()
                       : fmt::format("'{}' is no resolution; write 1% to {}% of the scene's own", printable(text, 40),
                                     largest_percentage);
          },
          "PERCENT"};
}

std::string format_word(std::string const& text) {
  static std::map<std::string, std::string> const words{
      {"JPG", "JPEG"}, {"EXR", "OPEN_EXR"}, {"TIF", "TIFF"}, {"TGA", "TARGA"}};
  return translated(text, words);
}

std::string engine_word(std::string const& text) {
  static std::map<std::string, std::string> const words{{"EEVEE", "BLENDER_EEVEE"}, {"WORKBENCH", "BLENDER_WORKBENCH"}};
  return translated(text, words);
}

CLI::Validator shot_validator() {
  return {[](std::string const& text) -> std::string {
            auto const slash = text.find('/');
            bool const good =
                slash != std::string::npos && slash > 0 && slash + 1 < text.size() && slash == text.rfind('/');
            return good ? "" : fmt::format("'{}' is not like SEQUENCE/SHOT", printable(text, 100));
          },
          "SEQUENCE/SHOT"};
}

CLI::Validator version_validator() {
  return {[](std::string const& text) -> std::string {
            return is_renderer_version(text) ? "" : fmt::format("'{}' is not like 4.3 or 4.3.2", printable(text, 60));
          },
          "VERSION"};
}

}  // namespace distren::client
