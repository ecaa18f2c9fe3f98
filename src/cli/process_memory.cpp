#include "cli/process_memory.h"

#include <fstream>
#include <string>

namespace shrike {

// VmHWM rather than getrusage: what a process inherits through exec does not count here.
double peak_rss_mb() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024 / 1e6;
  return 0;
}

}  // namespace shrike
