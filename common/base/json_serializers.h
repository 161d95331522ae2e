// How values of common types become JSON and come back: the library's own conversions, compiled once in instances.cpp
// instead of resolved among its overloads by every source (adl_serializer is the library's place for that).
// Part of precompiled.h alone, never included by name, and no change of behaviour.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

NLOHMANN_JSON_NAMESPACE_BEGIN

template <typename T>
struct json_instance {
  static void to_json(json& to, T from);
  static void from_json(json const& from, T& to);
};
template <>
struct adl_serializer<bool> : json_instance<bool> {};
template <>
struct adl_serializer<int> : json_instance<int> {};
template <>
struct adl_serializer<unsigned> : json_instance<unsigned> {};
template <>
struct adl_serializer<long> : json_instance<long> {};
template <>
struct adl_serializer<unsigned long> : json_instance<unsigned long> {};
template <>
struct adl_serializer<double> : json_instance<double> {};
template <>
struct adl_serializer<std::string_view> : json_instance<std::string_view> {};
template <>
struct adl_serializer<std::string> {
  static void to_json(json& to, std::string&& from);
  static void to_json(json& to, std::string const& from) { json_instance<std::string_view>::to_json(to, from); }
  static void from_json(json const& from, std::string& to);
};
template <std::size_t length>
struct adl_serializer<char[length]> {
  static void to_json(json& to, char const (&from)[length]) { json_instance<std::string_view>::to_json(to, from); }
};

extern template struct json_instance<bool>;
extern template struct json_instance<int>;
extern template struct json_instance<unsigned>;
extern template struct json_instance<long>;
extern template struct json_instance<unsigned long>;
extern template struct json_instance<double>;
extern template struct json_instance<std::string_view>;

NLOHMANN_JSON_NAMESPACE_END
