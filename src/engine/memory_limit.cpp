#include "engine/memory_limit.h"

#include <cmath>
#include <cstdio>

namespace shrike {

std::string megabytes(size_t bytes) {
  char text[32];
  // Upwards: the least that is said is enough.
  std::snprintf(text, sizeof text, "%.1f MB", std::ceil(static_cast<double>(bytes) / 1e5) / 10);
  return text;
}

}  // namespace shrike
