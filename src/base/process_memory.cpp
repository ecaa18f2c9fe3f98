#include "base/process_memory.h"

#include <cstdlib>
#include <fstream>
#include <string>

namespace shrike {

namespace {
bool is_our_own = false;
}

// VmHWM rather than getrusage: what a process inherits through exec does not count here.
size_t peak_process_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("VmHWM:"))
      return static_cast<size_t>(std::strtoull(line.c_str() + 6, nullptr, 10)) * 1024;
  return 0;
}

size_t peak_of_own_process() { return is_our_own ? peak_process_bytes() : 0; }

void process_is_our_own() { is_our_own = true; }

}  // namespace shrike
