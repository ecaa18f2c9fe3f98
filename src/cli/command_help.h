// What the commands can be told, taken from the very CLI::App that each parses with: the one source
// of the completions and of the manual page.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace shrike {

// What a shell completes a value with: paths of a kind, and words.
enum class PathKind { kNone, kFile, kFolder };
struct Completion {
  PathKind paths = PathKind::kNone;
  std::vector<std::string> words;
};

struct OptionHelp {
  std::string name;         // "max-det"; of a word its name in the help
  std::string value;        // "FILE", "INT", "{auto,v8}" (value_names.h); empty for a flag
  std::string least, most;  // of a number, where it has bounds
  std::string initial;
  std::string about;
  bool required = false;

  bool takes_value() const { return !value.empty(); }
  Completion completion() const;
};

struct CommandHelp {
  std::string name;                 // "detect", "data check"
  std::string first_summary;        // the overview's, of the name's first word
  std::string summary;              // its own, of the overview that lists it
  std::string about;                // of its own help
  std::vector<OptionHelp> options;  // as declared; --help is the last
  std::vector<OptionHelp> words;    // what is no option
};

// All that run, in the order of kCommands. Not thread-safe.
std::vector<CommandHelp> describe_commands();

}  // namespace shrike
