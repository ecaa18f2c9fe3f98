// The --max-pixels option of every command that reads pictures.
#pragma once

#include <CLI/CLI.hpp>

namespace shrike {

// Sets vision/decode.h's limit when it is given.
void add_pixels_option(CLI::App& app);

}  // namespace shrike
