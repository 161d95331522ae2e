// Reads the JSON object of a request's body into typed variables and collects what is wrong with it, in sentences:
// "frames: 12 is not text". Members that nobody asked for are refused by name: a misspelt one must not pass in
// silence. Usage: parse, read each member, finish(). One thread. No exception of the JSON library leaves.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

// JSON text with limits: at most 32 levels deep. invalid says where reading failed.
Result<nlohmann::json> parse_json(std::string_view text);

// A value as it may stand in a sentence: short, one line.
std::string shown(nlohmann::json const& value);

class JsonBody {
public:
  enum class Need { required, optional };
  static constexpr Need required = Need::required;
  static constexpr Need optional = Need::optional;

  static Result<JsonBody> parse(std::string_view text);
  explicit JsonBody(nlohmann::json object) : object_(std::move(object)) {}

  // Each returns whether the member is there and usable; else the target keeps its value.
  bool read(char const* name, Need need, std::string& target, std::size_t longest = 1000);
  bool read(char const* name, Need need, std::int64_t& target, std::int64_t min, std::int64_t max);
  bool read(char const* name, Need need, bool& target);
  // Points as common/base/points_text.h has them, into millipoints.
  bool read_points(char const* name, Need need, std::int64_t& target);
  // Objects and lists move out of the body into the target.
  bool read_object(char const* name, Need need, nlohmann::json& target);
  bool read_array(char const* name, Need need, nlohmann::json& target, std::size_t longest);
  bool read_texts(char const* name, Need need, std::vector<std::string>& target, std::size_t longest);

  void problem(std::string sentence) { problems_.push_back(std::move(sentence)); }
  // All problems so far and the members that were never asked for, as one invalid error.
  [[nodiscard]] Result<void> finish() const;

private:
  nlohmann::json* find(char const* name, Need need);
  bool wrong(char const* name, nlohmann::json const& value, std::string_view what);

  nlohmann::json object_;
  std::vector<std::string> asked_;
  std::vector<std::string> problems_;
};

}  // namespace distren
