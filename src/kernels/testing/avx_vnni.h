// AVX-VNNI's products on processors that lack them, for tests: SIGILL is caught, and what the
// instruction would have done is done to the registers that it interrupted.
#pragma once

#include <cstdint>

namespace shrike::kernels::testing {

// Where the processor has AVX2 without AVX-VNNI, the process can run vpdpbusd and vpdpwssd in
// AVX2's encoding from then on, slowly; any other illegal instruction ends it as before. Returns
// how many were emulated so far: a test during which none were has tested nothing.
int64_t emulate_avx_vnni();

}  // namespace shrike::kernels::testing
