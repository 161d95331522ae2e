// Members of JSON objects from a server that may be older, newer or broken: absent or of another type is the default.
// Text that goes to a terminal passes printable().
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace distren::client {

using Json = nlohmann::json;

std::string text_of(Json const& object, char const* key);
// Of a job: "blender 4.3.2", "blender 4.3.2 (build 0123456789ab)", "blender, chosen with its first order".
std::string job_renderer(Json const& renderer);
std::int64_t number_of(Json const& object, char const* key);
double fraction_of(Json const& object, char const* key);
bool flag_of(Json const& object, char const* key);
// The array below key; empty when there is none.
Json const& list_of(Json const& object, char const* key);
// The object below key; empty when there is none.
Json const& object_of(Json const& object, char const* key);

// An id as text, whether the server sends a number or a string.
std::string id_of(Json const& object, char const* key = "id");

}  // namespace distren::client
