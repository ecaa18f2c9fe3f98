// From the words of a command line to the options of one command.
//
// CLI11 holds the options (names, types, ranges, help). Which word belongs to which option is
// decided here, so that file names arrive untouched whatever they look like, and so that
//   --max-det 5   --max-det=5   --max_det=5   max_det=5   max-det=5
// all mean the same, and a mistyped option gets the nearest one suggested. After "--" every word
// is a file name.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace shrike {

struct Arguments {
  bool help = false;               // --help was among them and has been printed
  std::vector<std::string> words;  // what is no option, in order: file names
};

// Gives `app` its options' values. Errors are of kUsage.
Result<Arguments> parse_arguments(CLI::App& app, const std::vector<std::string>& args);

// Calls `command` in such a way that its parse_arguments() parses nothing, but shows its app to
// `see` and says that help was asked for: how a command's options are known outside of it. Not
// thread-safe.
void show_app(const std::function<void()>& command, const std::function<void(CLI::App&)>& see);

// For options that are floating-point numbers: from `least` to `most`. CLI::Range lets "nan" pass.
CLI::Validator number_in(double least, double most);

// The same for whole numbers. CLI::Range calls "abc" out of range.
CLI::Validator whole_number_in(int least, int most);

// From 0 to 2^64 - 1. CLI11 takes -1 and what is too large, and wraps it.
CLI::Validator whole_number_of_64_bits();

}  // namespace shrike
