// Validators of options with our own syntax; a bad value is a usage error with a sentence, before anything is done.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace distren::client {

CLI::Validator frames_validator();

// Syntax as in common/base/points_text.h.
CLI::Validator points_validator();

// "50%" or "50", 1 to 400.
CLI::Validator percentage_validator();
int percentage_of(std::string const& text);  // of a validated text

// Frames per second: "24", "30000/1001".
CLI::Validator frame_rate_validator();

// "NAME=VALUE".
CLI::Validator setting_validator();

// SEQUENCE/SHOT.
CLI::Validator shot_validator();

// "4.3", "4.3.2".
CLI::Validator version_validator();

// The renderer's identifier for what users write: "exr" is OPEN_EXR, "eevee" BLENDER_EEVEE. Unknown words pass in
// capitals; the server knows what it offers.
std::string format_word(std::string const& text);
std::string engine_word(std::string const& text);

}  // namespace distren::client
