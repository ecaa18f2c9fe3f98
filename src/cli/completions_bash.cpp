#include <map>

#include "cli/completions.h"

namespace shrike {

namespace {

// Where nothing is offered, readline completes file names by itself (-o default), with its own
// quoting: that is how files are completed. bash takes "--key=value" apart into three words.
constexpr const char* kHead = R"(# bash completion for shrike, made by `shrike completions bash`.

_shrike_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_shrike_file() { :; }
_shrike_folder() { compopt +o default -o dirnames; }
_shrike_nothing() { compopt +o default; }
_shrike_words_only() { _shrike_words "$1" && compopt +o default; }
_shrike_words_or_file() {
  _shrike_words "$1"
  ((${#COMPREPLY[@]})) || return
  compopt -o filenames
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
}

_shrike() {
  local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} key='' command i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _shrike_words_only "$_shrike_commands"
    return
  fi
  command=${COMP_WORDS[1]}
)";

constexpr const char* kOptionAtCursor = R"(
  if [[ $cur == '=' ]]; then
    key=$before cur=''
  elif [[ $before == '=' ]]; then
    key=${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $before == --?* ]]; then
    key=$before
  fi
  [[ -n $key ]] && key=--${key##--} key=${key//_/-}
  for ((i = 2; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -- ]] && key='--'
  done
)";

// The call that completes a value.
std::string call(const Completion& completion) {
  const bool words = !completion.words.empty();
  if (words && completion.paths == PathKind::kFile)
    return "_shrike_words_or_file '" + joined(completion.words) + "'";
  if (words) return "_shrike_words_only '" + joined(completion.words) + "'";
  if (completion.paths == PathKind::kFile) return "_shrike_file";
  return completion.paths == PathKind::kFolder ? "_shrike_folder" : "_shrike_nothing";
}

std::string case_of(const CommandHelp& command) {
  std::string names;
  std::map<std::string, std::string> keys;  // by what completes their values
  for (const OptionHelp& option : command.options) {
    names += (names.empty() ? "--" : " --") + option.name;
    if (!option.takes_value()) continue;
    std::string& same = keys[call(option.completion())];
    same += (same.empty() ? "--" : " | --") + option.name;
  }
  std::string text = "    '" + command.name + " '*)\n      case $key in\n";
  for (const auto& [how, which] : keys) text += "        " + which + ") " + how + "; return ;;\n";
  text +=
      "      esac\n      if [[ $cur == -* && $key != -- ]]; then\n        _shrike_words_only '" +
      names + "'\n      else\n        " +
      (command.words.empty() ? "_shrike_nothing" : call(command.words.front().completion())) +
      "\n      fi\n      ;;\n";
  return text;
}

}  // namespace

std::string bash_completions(const std::vector<CommandHelp>& commands) {
  const std::vector<CommandWord> firsts = first_words(commands);
  std::string text = kHead;
  text.replace(text.find("$_shrike_commands"), std::string("$_shrike_commands").size(),
               joined(firsts) + " --help --version");
  for (const CommandWord& first : firsts) {
    const std::vector<CommandWord> seconds = second_words(commands, first.word);
    if (seconds.empty()) continue;
    text += "  if [[ $command == " + first.word +
            " ]]; then\n    if ((COMP_CWORD == 2)); then\n      _shrike_words_only '" +
            joined(seconds) + "'\n      return\n    fi\n    command+=\" ${COMP_WORDS[2]}\"\n  fi\n";
  }
  text += kOptionAtCursor;
  text += "  case \"$command \" in\n";
  for (const CommandHelp& command : commands) text += case_of(command);
  return text + "  esac\n}\n\ncomplete -o default -F _shrike shrike\n";
}

}  // namespace shrike
