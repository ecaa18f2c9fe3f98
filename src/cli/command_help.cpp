#include "cli/command_help.h"

#include "cli/arguments.h"
#include "cli/data_commands.h"
#include "cli/value_names.h"
#include "pull/manifest.h"

namespace shrike {

namespace {

constexpr std::string_view kRange = " in [", kTo = " - ";

// CLI11 tells an option's type and its checks in one: "INT:INT in [1 - 30000]".
void split_value(const std::string& text, OptionHelp& option) {
  option.value = text.substr(0, text.find(':'));
  const size_t range = text.find(kRange), to = text.find(kTo, range);
  if (range == std::string::npos || to == std::string::npos) return;
  option.least = text.substr(range + kRange.size(), to - range - kRange.size());
  option.most = text.substr(to + kTo.size(), text.find(']', to) - to - kTo.size());
}

OptionHelp help_of(const CLI::Option& option) {
  OptionHelp help;
  const bool is_option = option.nonpositional();
  help.name = is_option ? option.get_lnames().front() : option.get_name(true);
  help.about = option.get_description();
  help.required = option.get_required();
  const bool is_flag = option.get_items_expected_max() == 0 || option.get_type_size_max() == 0 ||
                       option.get_expected_min() == 0;
  if (is_option && is_flag) return help;
  split_value(option.get_type_name(), help);
  help.initial = option.get_default_str();
  return help;
}

// Commands whose first word is an action.
struct ActionTable {
  std::string_view command;
  std::span<const CommandRow> actions;
};
constexpr ActionTable kActionTables[] = {{"data", kDataActions}};

std::span<const CommandRow> actions_of(const CommandRow& row) {
  for (const ActionTable& table : kActionTables)
    if (table.command == row.name) return table.actions;
  return {};
}

CommandHelp help_of(CLI::App& app) {
  CommandHelp help;
  help.about = app.get_description();
  const CLI::Option* asks_for_help = app.get_help_ptr();
  for (const CLI::Option* option : app.get_options())
    if (option != asks_for_help)
      (option->nonpositional() ? help.options : help.words).push_back(help_of(*option));
  if (asks_for_help) help.options.push_back(help_of(*asks_for_help));
  return help;
}

std::vector<std::string> manifest_names() {
  std::vector<std::string> names;
  for (const ManifestRow& row : manifest()) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> choices(std::string_view braces) {
  std::vector<std::string> words(1);
  for (const char c : braces.substr(1, braces.size() - 2)) {
    if (c == ',') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

}  // namespace

Completion OptionHelp::completion() const {
  if (value == kFileValue || value == "TEXT") return {PathKind::kFile, {}};
  if (value == kFolderValue) return {PathKind::kFolder, {}};
  if (value == kModelValue) return {PathKind::kFile, manifest_names()};
  if (value == kNameValue) return {PathKind::kNone, manifest_names()};
  if (value.starts_with('{')) return {PathKind::kNone, choices(value)};
  return {};
}

std::vector<CommandHelp> describe_commands() {
  std::vector<CommandHelp> commands;
  const auto describe = [&](const CommandRow& row, const CommandRow& first) {
    CommandHelp help;
    show_app([&] { (void)row.run({}); }, [&](CLI::App& app) { help = help_of(app); });
    help.name = &row == &first ? row.name : std::string(first.name) + " " + std::string(row.name);
    help.first_summary = first.about;
    help.summary = row.about;
    commands.push_back(std::move(help));
  };
  for (const CommandRow& row : kCommands) {
    const std::span<const CommandRow> actions = actions_of(row);
    for (const CommandRow& action : actions) describe(action, row);
    if (actions.empty()) describe(row, row);
  }
  return commands;
}

}  // namespace shrike
