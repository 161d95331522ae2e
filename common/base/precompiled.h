// What most sources include, compiled once per build (see PRECOMPILED in Makefile.am). It is included before everything
// else by a compiler flag and by nobody by name: each source still includes what it uses, so that a build without it,
// and the tools that read one file alone, see the same code. Only headers of libraries, and what spares the compiler
// their templates: ours change too often.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

// In this order: how values are converted must be known before the members are.
#include "common/base/json_serializers.h"
// clang-format off
#include "common/base/json_instances.h"
// clang-format on

// Instantiated once, in instances.cpp.
extern template void fmt::detail::vformat_to<char>(buffer<char>&, string_view,
                                                   basic_format_args<FMT_BUFFER_CONTEXT(char)>, locale_ref);
