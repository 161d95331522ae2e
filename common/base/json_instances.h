// The members of nlohmann's JSON type, compiled once in instances.cpp: a file that only builds and reads some messages
// took the compiler seconds. Part of precompiled.h alone, never included by name, and no change of behaviour.
// Declared as specializations, because "extern template" does not keep a compiler from instantiating what is defined in
// the class; instances.cpp, which does not see this header, instantiates the library's definitions under these names.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

NLOHMANN_JSON_NAMESPACE_BEGIN

template <>
json::json_value::json_value(value_t);
template <>
void json::json_value::destroy(value_t);
template <>
json::basic_json(value_t);
template <>
json::basic_json(std::nullptr_t) noexcept;
template <>
json::basic_json(initializer_list_t, bool, value_t);
template <>
json::basic_json(size_type, json const&);
template <>
json::basic_json(json const&);
template <>
json::basic_json(json&&) noexcept;
template <>
json& json::operator=(json) noexcept;
template <>
std::string json::dump(int, char, bool, error_handler_t) const;
template <>
json& json::at(size_type);
template <>
json const& json::at(size_type) const;
template <>
json& json::at(std::string const&);
template <>
json const& json::at(std::string const&) const;
template <>
json& json::operator[](size_type);
template <>
json const& json::operator[](size_type) const;
template <>
json& json::operator[](std::string);
template <>
json const& json::operator[](std::string const&) const;
template <>
json& json::front();
template <>
json const& json::front() const;
template <>
json& json::back();
template <>
json const& json::back() const;
template <>
json::iterator json::begin() noexcept;
template <>
json::const_iterator json::begin() const noexcept;
template <>
json::const_iterator json::cbegin() const noexcept;
template <>
json::iterator json::end() noexcept;
template <>
json::const_iterator json::end() const noexcept;
template <>
json::const_iterator json::cend() const noexcept;
template <>
json::iterator json::find(std::string const&);
template <>
json::const_iterator json::find(std::string const&) const;
template <>
bool json::contains(std::string const&) const;
template <>
json::size_type json::erase(std::string const&);
template <>
void json::push_back(json&&);
template <>
void json::push_back(json const&);
template <>
json json::array(initializer_list_t);
template <>
json json::object(initializer_list_t);
template <>
json::size_type json::size() const noexcept;
template <>
bool json::empty() const noexcept;
template <>
void json::clear() noexcept;
template <>
void json::update(json const&, bool);
template <>
bool json::compares_unordered(json const&, bool) const noexcept;

namespace detail {

template <>
parser<json, iterator_input_adapter<char const*>>::parser(iterator_input_adapter<char const*>&&,
                                                          parser_callback_t<json>, bool, bool);
template <>
void parser<json, iterator_input_adapter<char const*>>::parse(bool, json&);
template <>
bool parser<json, iterator_input_adapter<char const*>>::accept(bool);
template <>
parser<json, iterator_input_adapter<std::string::const_iterator>>::parser(
    iterator_input_adapter<std::string::const_iterator>&&, parser_callback_t<json>, bool, bool);
template <>
void parser<json, iterator_input_adapter<std::string::const_iterator>>::parse(bool, json&);
template <>
bool parser<json, iterator_input_adapter<std::string::const_iterator>>::accept(bool);

}  // namespace detail

// The members above are instantiated nowhere else, the others are left out where nothing is optimized.
extern template class basic_json<>;

NLOHMANN_JSON_NAMESPACE_END
