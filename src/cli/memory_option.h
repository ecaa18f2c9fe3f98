// The --max-memory option of every command that loads a model.
#pragma once

#include <CLI/CLI.hpp>

namespace shrike {

// Sets base/memory.h's limit when it is given: bytes, or with a unit as 512M and 8G (of 1024).
void add_memory_option(CLI::App& app);

}  // namespace shrike
