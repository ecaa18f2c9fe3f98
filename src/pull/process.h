// Starting another program (curl, pip, tar) with exactly the given words: no shell sees them.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

struct Command {
  std::vector<std::string> words;        // the program (looked up in PATH), then its arguments
  std::vector<std::string> environment;  // "NAME=value", added to this process's own
  std::optional<std::filesystem::path> output = {};  // standard output; discarded when absent
  bool shown = false;  // what it says on standard error is said on this process's, too
  // That it has to end by itself once it was asked to.
  std::chrono::milliseconds patience = std::chrono::seconds(2);
};

// Whether to go on.
using GoOn = std::function<bool()>;

// Runs the program to its end, in a process group of its own. Standard input is empty; its standard
// error is read. `go_on`, when given, is asked about five times a second and after every signal;
// once it says no, the program and what it started are ended and that is the error. The program
// does not outlive the calling thread, however that ends. Errors (kRuntime) name the program: not
// installed, could not start, killed by a signal, or an exit status other than 0 with the last line
// it wrote to standard error. That status, for those who know what it means, goes to `exit_status`;
// 0 where the program did not exit by itself.
Result<void> run_program(const Command& command, const GoOn& go_on = {},
                         int* exit_status = nullptr);

// Starts the program beside this one, in a process group of its own, and does not wait for it: its
// process, which is the caller's to wait for. It has this process's standard error, its standard
// output too when `shown`, and no input. It is asked to end (SIGTERM) when the calling thread ends.
// Errors (kRuntime): no process can be started. That the program is not there shows in its exit
// status, 127.
Result<int> start_beside(const Command& command, bool shown);

// This process becomes the program at `path`, with these words as its arguments: its terminal,
// signals and exit code are this one's, and its environment with `environment` added ("NAME=value").
// Returns only where it could not be started (kRuntime).
Error become(const std::filesystem::path& path, const std::vector<std::string>& arguments,
             const std::vector<std::string>& environment);

}  // namespace shrike
