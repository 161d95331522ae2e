// Locations of DistRen's own files: beside the program and one folder above it (a build tree), then where configure was
// told to install them. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

namespace distren {

std::filesystem::path program_folder();

// "methods", "sql", "openapi.yaml": a shared file or folder; empty if not found.
std::filesystem::path find_data(std::string_view name);

// An auxiliary program like distren-image; empty if not found.
std::filesystem::path find_helper(std::string_view name);

}  // namespace distren
