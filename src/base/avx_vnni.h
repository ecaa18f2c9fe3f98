// A feature of processors that few kernels ask for: beside CpuFeatures (cpu.h), which all know.
#pragma once

namespace shrike {

// AVX-VNNI: the products of AVX-512 VNNI in 256 bits, in AVX2's encoding. Read once; false with
// SHRIKE_CPU set to anything.
bool has_avx_vnni();

}  // namespace shrike
