#include <immintrin.h>

#include "kernels/elementwise/rows.h"
#include "kernels/tile/mask_avx2.h"

namespace shrike::kernels {

namespace {

template <BinaryOp kOp>
__m256 apply(__m256 a, __m256 b) {
  if constexpr (kOp == BinaryOp::kAdd) return _mm256_add_ps(a, b);
  if constexpr (kOp == BinaryOp::kSub) return _mm256_sub_ps(a, b);
  if constexpr (kOp == BinaryOp::kMul) return _mm256_mul_ps(a, b);
  if constexpr (kOp == BinaryOp::kDiv) return _mm256_div_ps(a, b);
  if constexpr (kOp == BinaryOp::kMax) return _mm256_max_ps(a, b);
  if constexpr (kOp == BinaryOp::kMin) return _mm256_min_ps(a, b);
}

template <bool kStep>
__m256 take(const float* from, int64_t i, int64_t left) {
  return kStep ? load_some(from + i, left) : _mm256_set1_ps(*from);
}

template <BinaryOp kOp, bool kStepA, bool kStepB>
void loop(const BinaryRowArgs& r) {
  for (int64_t i = 0; i < r.length; i += 8) {
    const int64_t left = r.length - i;
    store_some(r.out + i, apply<kOp>(take<kStepA>(r.a, i, left), take<kStepB>(r.b, i, left)), left);
  }
}

template <BinaryOp kOp>
void row(const BinaryRowArgs& r) {
  if (r.step_a && r.step_b) return loop<kOp, true, true>(r);
  if (r.step_a) return loop<kOp, true, false>(r);
  if (r.step_b) return loop<kOp, false, true>(r);
  loop<kOp, false, false>(r);
}

}  // namespace

BinaryRow binary_row_avx2(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return row<BinaryOp::kAdd>;
    case BinaryOp::kSub:
      return row<BinaryOp::kSub>;
    case BinaryOp::kMul:
      return row<BinaryOp::kMul>;
    case BinaryOp::kDiv:
      return row<BinaryOp::kDiv>;
    case BinaryOp::kMax:
      return row<BinaryOp::kMax>;
    case BinaryOp::kMin:
      return row<BinaryOp::kMin>;
    case BinaryOp::kPow:
      break;
  }
  return nullptr;
}

}  // namespace shrike::kernels
