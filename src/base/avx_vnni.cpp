#include "base/avx_vnni.h"

#include <cstdlib>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/cpu.h"

namespace shrike {

namespace {

bool detect() {
  if (std::getenv("SHRIKE_CPU")) return false;
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;  // leaf 7, subleaf 1: older compilers have no name for it
  return cpu_features().avx2_fma && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1) != 0;
#else
  return false;
#endif
}

}  // namespace

bool has_avx_vnni() {
  static const bool has = detect();
  return has;
}

}  // namespace shrike
