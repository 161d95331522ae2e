// Reads the JSON object of a request body into typed variables and collects the problems, each with the member that is
// to blame: "frames: 12 is not text". Unknown members are rejected by name, so that a misspelt one is noticed. Usage:
// parse, read each member, finish(). One thread. Throws no exception of the JSON library.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace distren {

// JSON text of at most 32 levels without members that occur twice. Errors: invalid (malformed_json), with the position.
Result<nlohmann::json> parse_json(std::string_view text);

// A value for use in a sentence: short, one line.
std::string shown(nlohmann::json const& value);

class JsonBody {
public:
  enum class Need { required, optional };
  static constexpr Need required = Need::required;
  static constexpr Need optional = Need::optional;

  static Result<JsonBody> parse(std::string_view text);
  // A merge patch: null, which clears, is a problem of what is read by read().
  static Result<JsonBody> parse_patch(std::string_view text);
  explicit JsonBody(nlohmann::json object) : object_(std::move(object)) {}

  // Each returns whether the member is present and valid; otherwise the target keeps its value.
  bool read(char const* name, Need need, std::string& target, std::size_t longest = 1000);
  bool read(char const* name, Need need, std::int64_t& target, std::int64_t min, std::int64_t max);
  bool read(char const* name, Need need, bool& target);
  // Of a merge patch: null is present, and empties the target.
  bool read_or_null(char const* name, std::optional<std::string>& target, std::size_t longest = 1000);
  bool read_or_null(char const* name, std::optional<std::int64_t>& target, std::int64_t min, std::int64_t max);
  // Objects and arrays are moved from the body into the target.
  bool read_object(char const* name, Need need, nlohmann::json& target);
  bool read_array(char const* name, Need need, nlohmann::json& target, std::size_t longest);
  bool read_texts(char const* name, Need need, std::vector<std::string>& target, std::size_t longest);

  // name: of the member that is wrong; empty: of no single one. code: of a FieldError.
  void problem(std::string_view name, std::string_view code, std::string detail);
  // What finish() of a nested object said; pointer: where that object is, title: the same for a reader ("files[3]: ").
  void adopt(std::string const& pointer, std::string_view title, Error const& nested);
  // All problems so far, and the members never read, as one invalid error.
  [[nodiscard]] Result<void> finish() const;

private:
  nlohmann::json* find(char const* name, Need need);
  [[nodiscard]] bool is_null(char const* name);
  bool wrong(char const* name, nlohmann::json const& value, std::string_view code, std::string_view what);

  nlohmann::json object_;
  bool null_clears_ = false;
  std::vector<std::string> asked_;
  std::vector<FieldError> problems_;
};

}  // namespace distren
