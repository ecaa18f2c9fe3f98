// Running the built program as a person or a script would.
#pragma once

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace shrike::testing {

struct Outcome {
  int code = -1;  // exit code, or 128 + the signal
  std::string out, err;
};

struct Start {
  std::vector<std::string> words;        // behind the program's name
  std::filesystem::path folder;          // the working folder; the test's own when empty
  std::filesystem::path output;          // standard output goes here instead, when given
  std::filesystem::path interrupt_when;  // `signal` is sent once this exists
  int signal = SIGINT;
  std::vector<std::string> through = {};  // another program that is given ours to run
  std::function<void()> prepare = {};     // done in the child, last before the program starts
  std::chrono::milliseconds interrupt_after{-1};  // `signal` is sent then, unless negative
  bool again = false;                             // `signal` is sent a second time after that
};

Outcome run_shrike(const Start& start);
Outcome run_shrike(const std::vector<std::string>& words);

// A variable of the environment, for as long as this lives; unset without a value.
class Variable {
 public:
  Variable(const char* name, const std::optional<std::string>& value);
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable();

 private:
  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace shrike::testing
