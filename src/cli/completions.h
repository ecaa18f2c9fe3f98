// Completion scripts of the shells, from what the commands say of themselves.
#pragma once

#include <string>
#include <vector>

#include "cli/command_help.h"

namespace shrike {

// Sourced by the shell, or put where it looks for the completions of a program called shrike.
std::string bash_completions(const std::vector<CommandHelp>& commands);
std::string zsh_completions(const std::vector<CommandHelp>& commands);
std::string fish_completions(const std::vector<CommandHelp>& commands);

// A command's name is one word or two ("data check"). These are the first words, each once and
// with the summary of what it begins; and the commands that are `first` and a second word.
struct CommandWord {
  std::string word, summary;
};
std::vector<CommandWord> first_words(const std::vector<CommandHelp>& commands);
std::vector<CommandWord> second_words(const std::vector<CommandHelp>& commands,
                                      const std::string& first);

// The words with a space between.
std::string joined(const std::vector<std::string>& words);
std::string joined(const std::vector<CommandWord>& words);

}  // namespace shrike
