// The one place where nlohmann's JSON type is instantiated; precompiled.h declares it extern for all others.
#include <nlohmann/json.hpp>

template class nlohmann::basic_json<>;
