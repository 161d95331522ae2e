#include "client/fields.h"

#include "common/base/text.h"

namespace distren::client {
namespace {

Json const* member(Json const& object, char const* key) {
  if (!object.is_object()) return nullptr;
  auto const found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string text_of(Json const& object, char const* key) {
  auto const* value = member(object, key);
  return value != nullptr && value->is_string() ? printable(value->get_ref<std::string const&>()) : std::string();
}

std::int64_t number_of(Json const& object, char const* key) {
  auto const* value = member(object, key);
  return value != nullptr && value->is_number() ? value->get<std::int64_t>() : 0;
}

double fraction_of(Json const& object, char const* key) {
  auto const* value = member(object, key);
  return value != nullptr && value->is_number() ? value->get<double>() : 0.0;
}

bool flag_of(Json const& object, char const* key) {
  auto const* value = member(object, key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

Json const& list_of(Json const& object, char const* key) {
  static Json const none = Json::array();
  auto const* value = member(object, key);
  return value != nullptr && value->is_array() ? *value : none;
}

Json const& object_of(Json const& object, char const* key) {
  static Json const none = Json::object();
  auto const* value = member(object, key);
  return value != nullptr && value->is_object() ? *value : none;
}

std::string id_of(Json const& object, char const* key) {
  auto const* value = member(object, key);
  if (value == nullptr) return {};
  return value->is_string() ? printable(value->get_ref<std::string const&>()) : value->is_number() ? value->dump() : "";
}

std::string job_renderer(Json const& renderer) {
  constexpr std::size_t shown_digits = 12;
  auto const method = text_of(renderer, "method");
  auto const version = text_of(renderer, "version");
  auto const build = text_of(renderer, "build");
  if (version.empty()) return method.empty() ? method : method + ", of a version that its first order chooses";
  if (build.empty()) return fmt::format("{} {}", method, version);
  return fmt::format("{} {} (build {})", method, version, build.substr(0, shown_digits));
}

}  // namespace distren::client
