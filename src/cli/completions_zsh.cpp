#include "cli/completions.h"

namespace shrike {

namespace {

// The function of the file `_shrike` on zsh's fpath; sourced, it registers itself.
constexpr const char* kHead = R"zsh(#compdef shrike
# zsh completion for shrike, made by `shrike completions zsh`.

_shrike_words_or_file() { _alternative "names:name:($*)" 'files:file:_files'; }

_shrike() {
  local command
  local -a commands
)zsh";

constexpr const char* kTail = R"zsh(  esac
}

if [[ $funcstack[1] == _shrike ]]; then
  _shrike "$@"
else
  compdef _shrike shrike
fi
)zsh";

// `text` between single quotes, with a backslash before each of `special`.
std::string quoted(const std::string& text, std::string_view special) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result + "'";
}

std::string without_quotes(const std::string& text) { return text.substr(1, text.size() - 2); }

// MESSAGE:ACTION of _arguments.
std::string action(const OptionHelp& option) {
  const Completion completion = option.completion();
  const std::string message = without_quotes(quoted(option.value, "\\:[]")) + ":";
  const bool words = !completion.words.empty();
  if (words && completion.paths == PathKind::kFile)
    return message + " _shrike_words_or_file " + joined(completion.words);
  if (words) return message + "(" + joined(completion.words) + ")";
  if (completion.paths == PathKind::kFile) return message + "_files";
  return completion.paths == PathKind::kFolder ? message + "_files -/" : message;
}

std::string spec(const OptionHelp& option) {
  const std::string about = without_quotes(quoted(option.about, "\\:[]"));
  const std::string name = option.takes_value() ? option.name + "=" : option.name;
  return "'--" + name + "[" + about + "]" + (option.takes_value() ? ":" + action(option) : "") +
         "'";
}

std::string listed(const std::vector<CommandWord>& words) {
  std::string text = "(";
  for (const CommandWord& word : words)
    text += (text.size() == 1 ? "" : " ") + quoted(word.word + ":" + word.summary, "");
  return text + ")";
}

std::string case_of(const CommandHelp& command) {
  std::string text = "    " + quoted(command.name, "") + ")\n      _arguments";
  for (const OptionHelp& option : command.options) text += " \\\n        " + spec(option);
  if (!command.words.empty()) text += " \\\n        '*:" + action(command.words.front()) + "'";
  return text + "\n      ;;\n";
}

// "describe the words where the `nth` is at the cursor".
std::string describe(const std::string& indent, const char* nth,
                     const std::vector<CommandWord>& words) {
  return indent + "if ((CURRENT == " + nth + ")); then\n" + indent + "  commands=" + listed(words) +
         "\n" + indent + "  _describe -t commands command commands\n" + indent + "  return\n" +
         indent + "fi\n";
}

}  // namespace

std::string zsh_completions(const std::vector<CommandHelp>& commands) {
  const std::vector<CommandWord> firsts = first_words(commands);
  std::string text = kHead + describe("  ", "2", firsts) + "  command=$words[2]\n";
  for (const CommandWord& first : firsts) {
    const std::vector<CommandWord> seconds = second_words(commands, first.word);
    if (seconds.empty()) continue;
    text += "  if [[ $command == " + first.word + " ]]; then\n" + describe("    ", "3", seconds) +
            "    command+=\" $words[3]\"\n    shift words\n    ((CURRENT--))\n  fi\n";
  }
  text += "  shift words\n  ((CURRENT--))\n  case $command in\n";
  for (const CommandHelp& command : commands) text += case_of(command);
  return text + kTail;
}

}  // namespace shrike
