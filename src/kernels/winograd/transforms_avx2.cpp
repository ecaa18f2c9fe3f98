#include <immintrin.h>

#include "kernels/tile/mask_avx2.h"
#include "kernels/winograd/transforms.h"

namespace shrike::kernels {

namespace {

struct Vec {
  static constexpr int64_t kLanes = 8;

  static Vec splat(float value) { return {_mm256_set1_ps(value)}; }
  static Vec load(const float* source) { return {_mm256_loadu_ps(source)}; }
  static Vec load_some(const float* source, int64_t n) {
    return {shrike::kernels::load_some(source, n)};
  }
  void store(float* target) const { _mm256_store_ps(target, lanes); }

  __m256 lanes;
};

inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.lanes, b.lanes)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.lanes, b.lanes)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.lanes, b.lanes)}; }
inline Vec fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.lanes, b.lanes, c.lanes)}; }

}  // namespace

constinit const WinogradKernel kWinograd4Avx2 =
    winograd_kernel<StrideOne<kToomCook4>, Vec, kTileAvx2>(kWinograd4);

}  // namespace shrike::kernels
