// shrike-train, the program that trains: it links LibTorch, as shrike does not.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

// Where it is: beside the program that runs. An error (kRuntime) says how to build it.
Result<std::filesystem::path> training_program();

// What its environment needs, as "NAME=value", where the caller's has no say of its own.
std::vector<std::string> training_environment();

// Runs it to its end, what it says on standard error shown. Once interrupted() it is asked to end,
// and has a minute for its checkpoint. Errors: those of training_program(); its own, of the kind
// that its exit code says; kRuntime after an interrupt.
Result<void> run_training(std::vector<std::string> words);

// Whether this process was started by run_training(): by a command that says itself how to go on.
bool is_part_of_a_command();

}  // namespace shrike
