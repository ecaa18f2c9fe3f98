#include "kernels/quantize/words.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/elementwise/pieces.h"
#include "kernels/quantize/word_rows.h"

namespace shrike::kernels {

namespace {

int16_t to_word(float steps, int zero) {
  const float least = static_cast<float>(-32768 - zero), most = static_cast<float>(32767 - zero);
  return static_cast<int16_t>(static_cast<int>(std::nearbyint(std::clamp(steps, least, most))) +
                              zero);
}

}  // namespace

void quantize_words_reference(const WordScale& form, const float* in, int16_t* out,
                              int64_t length) {
  for (int64_t i = 0; i < length; ++i) {
    const float steps = in[i] / form.scale;
    out[i] = to_word(std::isnan(steps) ? 0 : steps, form.zero);
  }
}

void dequantize_words_reference(const WordScale& form, const int16_t* in, float* out,
                                int64_t length) {
  for (int64_t i = 0; i < length; ++i) out[i] = static_cast<float>(in[i] - form.zero) * form.scale;
}

void sum_words_reference(const WordSum& sum, const int16_t* a, const int16_t* b, int16_t* out,
                         int64_t length) {
  for (int64_t i = 0; i < length; ++i) {
    const float x = static_cast<float>(a[i] - sum.a_zero) * sum.a_ratio;
    const float y = static_cast<float>(b[i] - sum.b_zero) * sum.b_ratio;
    out[i] = to_word(x + y, sum.out_zero);
  }
}

namespace {

// Rows that lie back to back on both sides are one.
template <auto kRow, typename In, typename Out>
void run(const WordScale& form, const BasicRowsView<const In>& input,
         const BasicRowsView<Out>& output, ThreadPool& pool) {
  int64_t rows = input.rows, length = input.length;
  if (input.stride == length && output.stride == length) length *= std::exchange(rows, 1);
  for_each_piece(rows, length, pool, [&](int64_t r, int64_t begin, int64_t count) {
    kRow(form, input.row(r) + begin, output.row(r) + begin, count);
  });
}

template <auto kRow>
void run_sum(const WordSum& sum, const ConstWordRowsView& a, const ConstWordRowsView& b,
             const WordRowsView& output, ThreadPool& pool) {
  int64_t rows = output.rows, length = output.length;
  if (a.stride == length && b.stride == length && output.stride == length)
    length *= std::exchange(rows, 1);
  for_each_piece(rows, length, pool, [&](int64_t r, int64_t begin, int64_t count) {
    kRow(sum, a.row(r) + begin, b.row(r) + begin, output.row(r) + begin, count);
  });
}

constexpr WordQuantizeKernel kQuantizeKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<quantize_words_avx2, float, int16_t>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<quantize_words_reference, float, int16_t>},
};

constexpr WordDequantizeKernel kDequantizeKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<dequantize_words_avx2, int16_t, float>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<dequantize_words_reference, int16_t, float>},
};

constexpr WordSumKernel kSumKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run_sum<sum_words_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run_sum<sum_words_reference>},
};

}  // namespace

std::span<const WordQuantizeKernel> word_quantize_kernels() { return kQuantizeKernels; }
std::span<const WordDequantizeKernel> word_dequantize_kernels() { return kDequantizeKernels; }
std::span<const WordSumKernel> word_sum_kernels() { return kSumKernels; }

}  // namespace shrike::kernels
