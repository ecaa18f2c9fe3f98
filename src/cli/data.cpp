// shrike data: what there is to do with data sets.
#include <cstdio>

#include "cli/commands.h"
#include "cli/data_commands.h"
#include "cli/exit_code.h"
#include "cli/nearest.h"

namespace shrike {

namespace {

void print_overview() {
  std::puts(
      "Looks at data sets in the formats of YOLO (data.yaml), COCO (JSON) and Pascal VOC (XML).\n\n"
      "Usage: shrike data ACTION DATASET ...\n");
  for (const CommandRow& action : kDataActions)
    std::printf("  %-8s %s\n", action.name.data(), action.about.data());
  std::puts("\nshrike data ACTION --help tells more.");
}

}  // namespace

Result<int> data_command(const Words& words) {
  std::vector<std::string> names;
  for (const CommandRow& action : kDataActions) names.emplace_back(action.name);
  if (words.empty()) return usage_error("data needs an action: check, stats or convert");
  const std::string& name = words.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_overview();
    return kExitOk;
  }
  for (const CommandRow& action : kDataActions)
    if (action.name == name) return action.run(Words(words.begin() + 1, words.end()));
  return usage_error("data: unknown action " + name + suggestion(name, names));
}

}  // namespace shrike
