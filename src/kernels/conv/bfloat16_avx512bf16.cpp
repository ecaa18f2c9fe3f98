#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/bfloat16.h"

namespace shrike::kernels {

namespace {

constexpr int kRows = 8;
constexpr int kColumns = 32;

inline __m512bh splat_pair(Bfloat16Pair pair) {
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair)));
}

template <int kRowCount, int kVectors>
void sums_of(const Bfloat16Sums& tile, int64_t first) {
  const Bfloat16Pair* row[kRowCount];
  Vec sums[kRowCount][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRowCount; ++r) {
    row[r] = tile.rows + (first + r) * tile.depth;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sums[r][v] = splat(0.0f);
  }
  const Bfloat16Pair* weights = tile.weights;
  for (int64_t k = 0; k < tile.depth; ++k, weights += kColumns) {
    __m512bh w[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      w[v] = reinterpret_cast<__m512bh>(_mm512_load_si512(weights + v * kLanes));
#pragma GCC unroll 8
    for (int r = 0; r < kRowCount; ++r) {
      const __m512bh x = splat_pair(row[r][k]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], x, w[v]);
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const Vec bias = load(tile.bias + v * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < kRowCount; ++r)
      store_aligned(tile.sums + (first + r) * kColumns + v * kLanes, sums[r][v] + bias);
  }
}

using SumsFunction = void (*)(const Bfloat16Sums&, int64_t first);
template <int kVectors>
constexpr SumsFunction kSums[kRows + 1] = {nullptr,
                                           sums_of<1, kVectors>,
                                           sums_of<2, kVectors>,
                                           sums_of<3, kVectors>,
                                           sums_of<4, kVectors>,
                                           sums_of<5, kVectors>,
                                           sums_of<6, kVectors>,
                                           sums_of<7, kVectors>,
                                           sums_of<8, kVectors>};

void avx512_sums(const Bfloat16Sums& tile) {
  const auto& functions = tile.columns <= kLanes ? kSums<1> : kSums<2>;
  int64_t i = 0;
  for (; i + kRows <= tile.count; i += kRows) functions[kRows](tile, i);
  if (i < tile.count) functions[tile.count - i](tile, i);
}

void avx512_round(const float* source, int64_t count, uint16_t* target) {
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    const __m512bh both = _mm512_cvtne2ps_pbh(load(source + i + kLanes), load(source + i));
    _mm512_storeu_si512(target + i, reinterpret_cast<__m512i>(both));
  }
  for (; i < count; i += kLanes) {
    const int64_t left = count - i < kLanes ? count - i : kLanes;
    const __m256bh some = _mm512_cvtneps_pbh(load_some(source + i, left));
    // The lane behind an odd end holds a zero.
    const auto mask = static_cast<__mmask16>((1u << ((left + 1) / 2 * 2)) - 1);
    _mm256_mask_storeu_epi16(target + i, mask, reinterpret_cast<__m256i>(some));
  }
}

}  // namespace

const Bfloat16Kernel kBfloat16Avx512 = {&kTileAvx512, avx512_sums, avx512_round};

}  // namespace shrike::kernels
