#include "cli/process_memory.h"

#include "base/process_memory.h"

namespace shrike {

double peak_rss_mb() { return static_cast<double>(peak_process_bytes()) / 1e6; }

}  // namespace shrike
