// What is known of a file to be written before the work for it begins: no command replaces what it
// was given to read, and none works for long to find that its file has no place.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>

#include "base/result.h"
#include "data/dataset.h"

namespace shrike {

// An error (kUsage) that names `output` where it is one of `inputs`, under whatever name. Inputs
// that are empty or not there are nothing.
Result<void> check_not_input(const std::filesystem::path& output,
                             std::span<const std::filesystem::path> inputs);
Result<void> check_not_input(const std::filesystem::path& output,
                             std::initializer_list<std::filesystem::path> inputs);
// The same for all that a data set is made of.
Result<void> check_not_input(const std::filesystem::path& output, const Dataset& dataset);

// An error (kRuntime) that names `output` where write_file (base/file.h) could only fail: no such
// folder or none to write to, a folder in its way.
Result<void> check_place(const std::filesystem::path& output);

}  // namespace shrike
