// shrike version.
#include <cstdio>

#include "base/cpu.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "formats/json.h"

namespace shrike {

namespace {

std::vector<std::string> feature_names() {
  const CpuFeatures& cpu = cpu_features();
  std::vector<std::string> names;
  if (cpu.avx2_fma) names.emplace_back("avx2+fma");
  if (cpu.avx512) names.emplace_back("avx512");
  if (cpu.avx512_vnni) names.emplace_back("avx512-vnni");
  if (cpu.separate_adders) names.emplace_back("separate-adders");
  return names;
}

}  // namespace

Result<int> version_command(const Words& words) {
  bool as_json = false;
  CLI::App app("Shows the version and what this machine offers.", "shrike version");
  app.add_flag("--json", as_json, "As JSON");
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("version takes no words: " + arguments.words.front());

  const std::vector<std::string> features = feature_names();
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
