// What the processor and the system allow this process: instruction sets, cores, a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shrike {

struct CpuFeatures {
  bool avx2_fma = false;     // AVX2 and FMA3, with the system saving their registers
  bool avx_vnni = false;     // avx2_fma and AVX-VNNI: VNNI's products in AVX2's encoding
  bool avx512 = false;       // F, BW, DQ, VL
  bool avx512_vnni = false;  // avx512 and VNNI
  bool avx512_vbmi = false;  // avx512 and VBMI: bytes moved anywhere in a vector
  bool avx512_bf16 = false;  // avx512 and products of bfloat16
  bool amx_bf16 = false;     // avx512_bf16 and the same in tiles
  // Of AVX-512's products of bfloat16 two are made in the time of one of fp32: AMD's. Intel's take
  // twice that time.
  bool fast_avx512_bf16 = false;
  // Vectors are added by other units than those that multiply: AMD from Zen 3 on.
  bool separate_adders = false;
  // Vectors of 512 bits are computed whole, two a cycle, not in halves: no more values can be
  // loaded in that time. Of any other processor than AMD's it is taken for granted.
  bool whole_avx512 = false;
  // The third cache level is one of all cores, from which one reads 10 bytes a cycle or less, and
  // not of a few, at the pace of these, as AMD's is. Of any other processor with AVX2 than AMD's it
  // is taken for granted.
  bool far_l3 = false;
  // Bytes of a core's second cache level; 0 where the system does not tell.
  int64_t l2_bytes = 0;

  // Whether products of bfloat16 are faster than those of fp32 at all.
  bool fast_bf16() const { return amx_bf16 || fast_avx512_bf16; }
};

// What the processor has and the system lets programs use.
CpuFeatures detect_cpu_features();

// What a level of SHRIKE_CPU leaves of them: "plain" nothing, "avx2" what is not past AVX2, any
// other all.
CpuFeatures limited(const CpuFeatures& cpu, std::string_view level);

// What kernels may use, read once: those detected, limited by SHRIKE_CPU in the environment, for
// tests and for reports from machines that misbehave. The first call asks the system for the tiles'
// registers, where they are left: from then on Linux wants of a process's alternate signal stacks
// 11 KiB more, and refuses where it has smaller ones; then amx_bf16 is not there.
const CpuFeatures& cpu_features();

// The value of SHRIKE_CPU where it is no level, and so hides nothing; unset and empty are none.
std::optional<std::string> unknown_cpu_level();

// "avx2+fma", "avx512", ...: those that are there.
std::vector<std::string> feature_names(const CpuFeatures& cpu);

// "AMD EPYC 7763 64-Core Processor", or the architecture's name where the system tells no more.
std::string cpu_name();

// Cores this process may use: affinity and the cgroup's quota respected, at least 1.
int usable_cores();

}  // namespace shrike
