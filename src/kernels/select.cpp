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
    case CpuNeed::kAvx512Adders:
      if (!cpu.avx512) return "the processor lacks AVX-512";
      return cpu.separate_adders ? nullptr : "the processor adds where it multiplies";
  }
  return "an unknown processor feature is needed";
}

}  // namespace shrike::kernels
