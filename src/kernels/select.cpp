#include "kernels/select.h"

namespace shrike::kernels {

const char* cpu_lacks(CpuNeed need, const CpuFeatures& cpu) {
  switch (need) {
    case CpuNeed::kNothing:
      return nullptr;
    case CpuNeed::kAvx2Fma:
      return cpu.avx2_fma ? nullptr : "the processor lacks AVX2 and FMA";
    case CpuNeed::kAvxVnni:
      return cpu.avx_vnni ? nullptr : "the processor lacks AVX-VNNI";
    case CpuNeed::kAvx512:
      return cpu.avx512 ? nullptr : "the processor lacks AVX-512";
    case CpuNeed::kAvx512Vnni:
      return cpu.avx512_vnni ? nullptr : "the processor lacks AVX-512 VNNI";
    case CpuNeed::kAvx512Vbmi:
      return cpu.avx512_vbmi ? nullptr : "the processor lacks AVX-512 VBMI";
    case CpuNeed::kAvx512Bf16:
      return cpu.avx512_bf16 ? nullptr : "the processor lacks products of bfloat16";
    case CpuNeed::kAmxBf16:
      return cpu.amx_bf16 ? nullptr : "the processor lacks tiles of bfloat16";
    case CpuNeed::kAvx512Whole:
      if (!cpu.avx512) return "the processor lacks AVX-512";
      return cpu.whole_avx512 ? nullptr : "the processor computes 512 bits in halves";
    case CpuNeed::kAvx512Adders:
    case CpuNeed::kAvx512HalvedAdders:
      if (!cpu.avx512) return "the processor lacks AVX-512";
      if (!cpu.separate_adders) return "the processor adds where it multiplies";
      return need == CpuNeed::kAvx512HalvedAdders && cpu.whole_avx512
                 ? "made for 512 bits in halves: the processor loads too few values for whole ones"
                 : nullptr;
    case CpuNeed::kAvx512WholeAdders:
      if (const char* reason = cpu_lacks(CpuNeed::kAvx512Adders, cpu)) return reason;
      return cpu_lacks(CpuNeed::kAvx512Whole, cpu);
  }
  return "an unknown processor feature is needed";
}

bool can_run(CpuNeed need, const CpuFeatures& cpu) {
  CpuFeatures fast = cpu;
  fast.separate_adders = true;
  fast.whole_avx512 = need != CpuNeed::kAvx512HalvedAdders;
  return !cpu_lacks(need, fast);
}

}  // namespace shrike::kernels
