// shrike-train as a function.
#pragma once

#include "cli/commands.h"

namespace shrike {

// The words behind `shrike train`; the exit code. What it returns as an error ends the program.
Result<int> train_program(const Words& words);

}  // namespace shrike
