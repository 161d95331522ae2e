// Templates of libraries that most sources use, instantiated here and declared to the others by precompiled.h. Compiled
// without that header: it would hide the definitions.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/json_serializers.h"

NLOHMANN_JSON_NAMESPACE_BEGIN

template <typename T>
void json_instance<T>::to_json(json& to, T from) {
  ::nlohmann::to_json(to, from);
}

template <typename T>
void json_instance<T>::from_json(json const& from, T& to) {
  ::nlohmann::from_json(from, to);
}

void adl_serializer<std::string>::to_json(json& to, std::string&& from) {
  ::nlohmann::to_json(to, std::move(from));
}

void adl_serializer<std::string>::from_json(json const& from, std::string& to) {
  ::nlohmann::from_json(from, to);
}

template struct json_instance<bool>;
template struct json_instance<int>;
template struct json_instance<unsigned>;
template struct json_instance<long>;
template struct json_instance<unsigned long>;
template struct json_instance<double>;
template struct json_instance<std::string_view>;

template class basic_json<>;
template class detail::parser<json, detail::iterator_input_adapter<char const*>>;
template class detail::parser<json, detail::iterator_input_adapter<std::string::const_iterator>>;

NLOHMANN_JSON_NAMESPACE_END

template void fmt::detail::vformat_to<char>(buffer<char>&, string_view, basic_format_args<FMT_BUFFER_CONTEXT(char)>,
                                            locale_ref);
