#include "kernels/activation/vector_avx512.h"

namespace shrike::kernels {

namespace {

using Lanes = __m512i;

inline Lanes load_lanes(const float* source) { return _mm512_castps_si512(load_aligned(source)); }
inline Lanes next_lanes(Lanes lanes) { return _mm512_add_epi32(lanes, _mm512_set1_epi32(1)); }
inline Vec taken(Vec x, Lanes lanes) { return _mm512_permutexvar_ps(lanes, x); }

}  // namespace

}  // namespace shrike::kernels

#include "kernels/conv/grouped_form.h"

namespace shrike::kernels {

const GroupedKernel kGroupedAvx512 = {
    &kTileAvx512,
    kLanes,
    {nullptr, grouped_sums<1, 32>, grouped_sums<2, 32>, grouped_sums<3, 32>, grouped_sums<4, 32>,
     grouped_sums<5, 32>, grouped_sums<6, 32>, grouped_sums<7, 32>, grouped_sums<8, 32>},
};

}  // namespace shrike::kernels
