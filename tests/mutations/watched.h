// A program run under limits, and watched.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace shrike::mutations {

struct Run {
  int code = -1;  // exit code; 128 + the signal where one ended it
  bool signalled = false;
  double seconds = 0;             // of processor time: on a busy machine the clock says little
  size_t peak_address_space = 0;  // bytes, as last seen
  std::string error;              // what it wrote to standard error
};

// Standard output goes nowhere. `address_space`: the limit in bytes, 0 for none. What takes more
// than `most_seconds` of processor time, or ten times that by the clock, is killed. `scratch`: a
// file for standard error.
Run run_watched(const std::vector<std::string>& words, size_t address_space, double most_seconds,
                const std::filesystem::path& scratch);

}  // namespace shrike::mutations
