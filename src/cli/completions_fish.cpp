#include "cli/completions.h"

namespace shrike {

namespace {

constexpr const char* kHead = R"(# fish completion for shrike, made by `shrike completions fish`.

# Whether the words behind the program's name, up to the cursor's, begin with these (are these
# exactly, for __shrike_at).
function __shrike_in
    set -l words (commandline -opc)[2..-1]
    string match -q -- "$argv *" "$words "
end
function __shrike_at
    set -l words (commandline -opc)[2..-1]
    test "$argv" = "$words"
end

complete -c shrike -f
complete -c shrike -n __shrike_at -l help -d 'Show the commands'
complete -c shrike -n __shrike_at -l version -d 'Show the version'
)";

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string words_at(const std::string& place, const std::vector<CommandWord>& words) {
  std::string text;
  for (const CommandWord& word : words)
    text += "complete -c shrike -n " + quoted(place) + " -a " + word.word + " -d " +
            quoted(word.summary) + "\n";
  return text;
}

// What of `complete` says with what a value is completed; `-x` forbids file names.
std::string flags(const Completion& completion) {
  std::string text = completion.paths == PathKind::kFile ? " -F" : " -f";
  if (completion.paths == PathKind::kFolder) text += " -a '(__fish_complete_directories)'";
  if (!completion.words.empty()) text += " -a " + quoted(joined(completion.words));
  return text;
}

}  // namespace

std::string fish_completions(const std::vector<CommandHelp>& commands) {
  std::string text = kHead;
  const std::vector<CommandWord> firsts = first_words(commands);
  text += words_at("__shrike_at", firsts);
  for (const CommandWord& first : firsts)
    text += words_at("__shrike_at " + first.word, second_words(commands, first.word));
  for (const CommandHelp& command : commands) {
    const std::string start =
        "complete -c shrike -n " + quoted("__shrike_in " + command.name) + " ";
    for (const OptionHelp& option : command.options)
      text += start + "-l " + option.name + " -d " + quoted(option.about) +
              (option.takes_value() ? " -r" + flags(option.completion()) : "") + "\n";
    if (!command.words.empty()) text += start + flags(command.words.front().completion()) + "\n";
  }
  return text;
}

}  // namespace shrike
