#include "cli/environment.h"

#include <cstdlib>

#include "base/cpu.h"
#include "base/excerpt.h"
#include "cli/terminal.h"

namespace shrike {

void check_environment() {
  const std::optional<std::string> level = unknown_cpu_level();
  if (!level) return;
  say("SHRIKE_CPU: " + in_quotes(*level) + " is neither plain nor avx2, and ignored");
  ::unsetenv("SHRIKE_CPU");
}

}  // namespace shrike
