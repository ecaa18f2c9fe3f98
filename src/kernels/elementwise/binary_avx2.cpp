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

template <typename Function>
void each(const BinaryRowArgs& r, const Function& function) {
  for (int64_t i = 0; i < r.length; i += 8) {
    const int64_t left = r.length - i;
    store_some(r.out + i, function(load_some(r.a + i, left)), left);
  }
}

// As pow() has it: +0 for -0, infinity for its negative.
__m256 root(__m256 x) {
  const __m256 infinity = _mm256_set1_ps(__builtin_inff());
  const __m256 lowest = _mm256_cmp_ps(x, _mm256_sub_ps(_mm256_setzero_ps(), infinity), _CMP_EQ_OQ);
  return _mm256_blendv_ps(_mm256_sqrt_ps(_mm256_add_ps(x, _mm256_setzero_ps())), infinity, lowest);
}

// One exponent for all of those that networks have, by a few operations; others one by one.
void pow_row(const BinaryRowArgs& r) {
  const __m256 one = _mm256_set1_ps(1);
  const float exponent = r.step_a == 1 && r.step_b == 0 ? *r.b : 0;
  if (exponent == 2.0f) return each(r, [](__m256 x) { return _mm256_mul_ps(x, x); });
  if (exponent == 3.0f)
    return each(r, [](__m256 x) { return _mm256_mul_ps(_mm256_mul_ps(x, x), x); });
  if (exponent == 0.5f) return each(r, [](__m256 x) { return root(x); });
  if (exponent == -0.5f) return each(r, [&](__m256 x) { return _mm256_div_ps(one, root(x)); });
  if (exponent == -1.0f) return each(r, [&](__m256 x) { return _mm256_div_ps(one, x); });
  binary_row_reference(BinaryOp::kPow)(r);
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
      return pow_row;
  }
  return nullptr;
}

}  // namespace shrike::kernels
