#include "kernels/activation/vector_avx2.h"

namespace shrike::kernels {

namespace {

using Lanes = __m256i;

inline Lanes load_lanes(const float* source) { return _mm256_castps_si256(load_aligned(source)); }
inline Lanes next_lanes(Lanes lanes) { return _mm256_add_epi32(lanes, _mm256_set1_epi32(1)); }
inline Vec taken(Vec x, Lanes lanes) { return _mm256_permutevar8x32_ps(x, lanes); }

}  // namespace

}  // namespace shrike::kernels

#include "kernels/conv/grouped_form.h"

namespace shrike::kernels {

const GroupedKernel kGroupedAvx2 = {
    &kTileAvx2,
    kLanes,
    {nullptr, grouped_sums<1, 16>, grouped_sums<2, 16>, grouped_sums<3, 16>, grouped_sums<4, 16>,
     grouped_sums<5, 16>, grouped_sums<6, 16>, nullptr, nullptr},
};

}  // namespace shrike::kernels
