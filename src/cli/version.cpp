// shrike version.
#include <cstdio>

#include "base/cpu.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "formats/json.h"

namespace shrike {

Result<int> version_command(const Words& words) {
  bool as_json = false;
  CLI::App app("Shows the version and what this machine offers.", "shrike version");
  app.add_flag("--json", as_json, "As JSON");
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("version takes no words: " + arguments.words.front());

  const std::vector<std::string> features = feature_names(cpu_features());
  if (as_json) {
    const Json json = {{"version", SHRIKE_VERSION},
                       {"compiler", SHRIKE_COMPILER},
                       {"cpu", cpu_name()},
                       {"features", features},
                       {"cores", usable_cores()}};
    std::printf("%s\n", dump_json(json).c_str());
    return kExitOk;
  }
  std::string listed;
  for (const std::string& feature : features) listed += " " + feature;
  std::printf("shrike %s (%s)\n%s, %d cores,%s\n", SHRIKE_VERSION, SHRIKE_COMPILER,
              cpu_name().c_str(), usable_cores(),
              listed.empty() ? " no extensions" : listed.c_str());
  return kExitOk;
}

}  // namespace shrike
