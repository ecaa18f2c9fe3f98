// shrike completions: scripts that let a shell complete this program's command lines.
#include "cli/completions.h"

#include <algorithm>
#include <cstdio>

#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/value_names.h"
#include "cli/values.h"

namespace shrike {

namespace {

enum class Shell { kBash, kZsh, kFish };

struct ShellRow {
  Shell value;
  std::string_view name;
  std::string (*script)(const std::vector<CommandHelp>& commands);
};

constexpr ShellRow kShells[] = {{Shell::kBash, "bash", bash_completions},
                                {Shell::kZsh, "zsh", zsh_completions},
                                {Shell::kFish, "fish", fish_completions}};

}  // namespace

std::vector<CommandWord> first_words(const std::vector<CommandHelp>& commands) {
  std::vector<CommandWord> words;
  for (const CommandHelp& command : commands) {
    const std::string word = command.name.substr(0, command.name.find(' '));
    if (words.empty() || words.back().word != word) words.push_back({word, command.first_summary});
  }
  return words;
}

std::vector<CommandWord> second_words(const std::vector<CommandHelp>& commands,
                                      const std::string& first) {
  std::vector<CommandWord> words;
  for (const CommandHelp& command : commands)
    if (command.name.starts_with(first + " "))
      words.push_back({command.name.substr(first.size() + 1), command.summary});
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string joined(const std::vector<CommandWord>& words) {
  std::vector<std::string> plain;
  for (const CommandWord& word : words) plain.push_back(word.word);
  return joined(plain);
}

Result<int> completions_command(const Words& words) {
  std::vector<std::string> shown_in_the_help;
  CLI::App app(
      "Prints a script that completes shrike's command lines: source <(shrike completions bash); "
      "shrike completions fish | source.",
      "shrike completions");
  app.add_option("shell", shown_in_the_help, "The shell: bash, zsh or fish")
      ->type_name(choice_value(kShells));
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (arguments.words.size() != 1)
    return usage_error("completions needs the name of one shell: shrike completions bash");
  SHRIKE_ASSIGN(const Shell shell, parse_choice("completions", arguments.words[0], kShells));
  for (const ShellRow& row : kShells)
    if (row.value == shell) std::fputs(row.script(describe_commands()).c_str(), stdout);
  return kExitOk;
}

}  // namespace shrike
