#include "kernels/quantize/quantize.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/elementwise/pieces.h"
#include "kernels/quantize/rows.h"

namespace shrike::kernels {

void quantize_row_reference(const ByteScale& form, const float* in, uint8_t* out, int64_t length) {
  const auto zero = static_cast<float>(form.zero);
  for (int64_t i = 0; i < length; ++i) {
    const float steps = std::nearbyint(in[i] / form.scale);
    const float q = std::isnan(steps) ? zero : std::clamp(steps, -zero, 255 - zero) + zero;
    out[i] = static_cast<uint8_t>(q);
  }
}

void dequantize_row_reference(const ByteScale& form, const uint8_t* in, float* out,
                              int64_t length) {
  for (int64_t i = 0; i < length; ++i) out[i] = static_cast<float>(in[i] - form.zero) * form.scale;
}

namespace {

// Rows that lie back to back on both sides are one.
template <auto kRow, typename In, typename Out>
void run(const ByteScale& form, const BasicRowsView<const In>& input,
         const BasicRowsView<Out>& output, ThreadPool& pool) {
  int64_t rows = input.rows, length = input.length;
  if (input.stride == length && output.stride == length) length *= std::exchange(rows, 1);
  for_each_piece(rows, length, pool, [&](int64_t r, int64_t begin, int64_t count) {
    kRow(form, input.row(r) + begin, output.row(r) + begin, count);
  });
}

constexpr QuantizeKernel kQuantizeKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<quantize_row_avx2, float, uint8_t>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<quantize_row_reference, float, uint8_t>},
};

constexpr DequantizeKernel kDequantizeKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run<dequantize_row_avx2, uint8_t, float>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run<dequantize_row_reference, uint8_t, float>},
};

}  // namespace

std::span<const QuantizeKernel> quantize_kernels() { return kQuantizeKernels; }
std::span<const DequantizeKernel> dequantize_kernels() { return kDequantizeKernels; }

}  // namespace shrike::kernels
