// Where the parts of DistRen lie: beside the program and one folder above it (a build tree), then where configure was
// told to install them. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

namespace distren {

std::filesystem::path program_folder();

// "methods", "sql", "openapi.yaml": a shared file or folder; empty when it is nowhere.
std::filesystem::path find_data(std::string_view name);

// A program that others run, like distren-image; empty when it is nowhere.
std::filesystem::path find_helper(std::string_view name);

}  // namespace distren
