// The commands. Each takes the words behind its name and gives the exit code: 0, or 3 where some
// inputs failed and others were done. What it returns as an error ends the program (exit_code.h).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike {

using Words = std::vector<std::string>;

Result<int> detect_command(const Words& words);
Result<int> val_command(const Words& words);
Result<int> compare_command(const Words& words);
Result<int> inspect_command(const Words& words);
Result<int> convert_command(const Words& words);
Result<int> quantize_command(const Words& words);
Result<int> prune_command(const Words& words);
Result<int> run_command(const Words& words);
Result<int> pull_command(const Words& words);
Result<int> bench_command(const Words& words);
Result<int> data_command(const Words& words);
Result<int> train_command(const Words& words);
Result<int> distill_command(const Words& words);
Result<int> version_command(const Words& words);
Result<int> completions_command(const Words& words);
Result<int> manual_command(const Words& words);

struct CommandRow {
  std::string_view name;
  std::string_view about;
  Result<int> (*run)(const Words& words);
};

inline constexpr CommandRow kCommands[] = {
    {"detect", "Find objects in pictures", detect_command},
    {"val", "Measure a model's accuracy on a data set", val_command},
    {"compare", "Tell which of two models is better on a data set", compare_command},
    {"inspect", "Show a model: layers, sizes, head, graph", inspect_command},
    {"convert", "Write a model as ONNX", convert_command},
    {"quantize", "Write a model that computes in integers", quantize_command},
    {"prune", "Write a model with fewer channels", prune_command},
    {"run", "Feed one NumPy array through a model", run_command},
    {"pull", "Fetch a model by name, or list the names", pull_command},
    {"bench", "Measure a model's speed and memory", bench_command},
    {"data", "Check, count or convert a data set", data_command},
    {"train", "Train a model, from nothing or from its weights", train_command},
    {"distill", "Train a model that learns from another one", distill_command},
    {"version", "Show the version and what this machine offers", version_command},
    {"completions", "Print completions for bash, zsh or fish", completions_command},
    {"manual", "Print the manual page", manual_command},
};

}  // namespace shrike
