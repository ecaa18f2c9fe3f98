#include "base/cpu.h"

#include <sched.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "base/cgroup.h"

namespace shrike {

namespace {

#if defined(__x86_64__)
// AMD's optimization guides for families 19h and 1Ah: four units of 256 or 512 bits, two of which
// multiply and two add.
bool has_separate_adders(unsigned amd_family) { return amd_family >= 0x19; }

// Family 1Ah computes 512 bits whole but in its mobile parts, which say FP256 in leaf 8000001A.
// Virtual machines leave out that it is FP512 elsewhere.
bool has_whole_avx512(unsigned amd_family) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (amd_family == 0) return true;
  if (amd_family < 0x1a || !__get_cpuid(0x8000001a, &a, &b, &c, &d)) return false;
  return (a >> 2 & 1) == 0;
}

// 0 of other processors.
unsigned amd_family() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__builtin_cpu_is("amd") || !__get_cpuid(1, &a, &b, &c, &d)) return 0;
  return (a >> 8 & 0xf) + (a >> 20 & 0xff);
}

// CPUID's leaf 7, subleaf 1: older compilers have no name for it.
bool has_avx_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1) != 0;
}

// CPUID's leaf 7: tiles and their products of bfloat16.
bool has_amx_bf16() {
  constexpr unsigned kBf16 = 1u << 22, kTiles = 1u << 24;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & kBf16) != 0 && (d & kTiles) != 0;
}

// Linux hands out the tiles' registers, 8 KiB a thread, to processes that ask for them
// (arch_prctl's ARCH_REQ_XCOMP_PERM, component 18); older systems know no such call.
bool may_use_tiles() {
  constexpr long kRequest = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}
#else
bool may_use_tiles() { return false; }
#endif

int64_t second_level_bytes() {
#ifdef _SC_LEVEL2_CACHE_SIZE
  return std::max(0L, sysconf(_SC_LEVEL2_CACHE_SIZE));
#else
  return 0;
#endif
}

constexpr std::string_view kPlain = "plain", kAvx2 = "avx2";

std::string_view cpu_level() {
  const char* level = std::getenv("SHRIKE_CPU");
  return level ? level : "";
}

// Cores that the control group's quota amounts to, rounded up; 0 for no quota.
int quota_cores() {
  return static_cast<int>(std::ceil(cgroup_cores("/sys/fs/cgroup", own_cgroups())));
}

}  // namespace

CpuFeatures detect_cpu_features() {
  CpuFeatures features;
#if defined(__x86_64__)
  __builtin_cpu_init();
  features.avx2_fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  features.avx_vnni = features.avx2_fma && has_avx_vnni();
  features.avx512 = features.avx2_fma && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  features.avx512_vnni = features.avx512 && __builtin_cpu_supports("avx512vnni");
  features.avx512_vbmi = features.avx512 && __builtin_cpu_supports("avx512vbmi");
  features.avx512_bf16 = features.avx512 && __builtin_cpu_supports("avx512bf16");
  features.amx_bf16 = features.avx512_bf16 && has_amx_bf16();
  features.fast_avx512_bf16 = features.avx512_bf16 && amd_family() != 0;
  features.separate_adders = has_separate_adders(amd_family());
  features.whole_avx512 = features.avx512 && has_whole_avx512(amd_family());
  features.far_l3 = features.avx2_fma && amd_family() == 0;
#endif
  features.l2_bytes = second_level_bytes();
  return features;
}

CpuFeatures limited(const CpuFeatures& cpu, std::string_view level) {
  if (level == kPlain) return {};
  CpuFeatures left = cpu;
  if (level == kAvx2)
    left.avx_vnni = left.avx512 = left.avx512_vnni = left.avx512_vbmi = left.avx512_bf16 =
        left.amx_bf16 = left.fast_avx512_bf16 = left.whole_avx512 = false;
  return left;
}

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = [] {
    CpuFeatures left = limited(detect_cpu_features(), cpu_level());
    left.amx_bf16 = left.amx_bf16 && may_use_tiles();
    return left;
  }();
  return features;
}

std::optional<std::string> unknown_cpu_level() {
  const std::string_view level = cpu_level();
  if (level.empty() || level == kPlain || level == kAvx2) return std::nullopt;
  return std::string(level);
}

std::vector<std::string> feature_names(const CpuFeatures& cpu) {
  std::vector<std::string> names;
  if (cpu.avx2_fma) names.emplace_back("avx2+fma");
  if (cpu.avx_vnni) names.emplace_back("avx-vnni");
  if (cpu.avx512) names.emplace_back("avx512");
  if (cpu.avx512_vnni) names.emplace_back("avx512-vnni");
  if (cpu.avx512_vbmi) names.emplace_back("avx512-vbmi");
  if (cpu.avx512_bf16) names.emplace_back("avx512-bf16");
  if (cpu.amx_bf16) names.emplace_back("amx-bf16");
  if (cpu.fast_avx512_bf16) names.emplace_back("fast-avx512-bf16");
  if (cpu.separate_adders) names.emplace_back("separate-adders");
  if (cpu.whole_avx512) names.emplace_back("whole-avx512");
  if (cpu.far_l3) names.emplace_back("far-l3");
  return names;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
#if defined(__x86_64__)
  return "x86_64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "unknown processor";
#endif
}

int usable_cores() {
  cpu_set_t set;
  int cores = 1;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = std::max(1, CPU_COUNT(&set));
  const int quota = quota_cores();
  return quota > 0 ? std::min(cores, quota) : cores;
}

}  // namespace shrike
