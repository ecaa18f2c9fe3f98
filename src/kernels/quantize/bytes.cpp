#include "kernels/quantize/bytes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/elementwise/pieces.h"
#include "kernels/quantize/rows.h"

namespace shrike::kernels {

void lookup_row_reference(const uint8_t* table, const uint8_t* in, uint8_t* out, int64_t length) {
  for (int64_t i = 0; i < length; ++i) out[i] = table[in[i]];
}

void byte_sum_row_reference(const ByteSum& sum, const uint8_t* a, const uint8_t* b, uint8_t* out,
                            int64_t length) {
  const auto zero = static_cast<float>(sum.out_zero);
  for (int64_t i = 0; i < length; ++i) {
    const float x = static_cast<float>(a[i] - sum.a_zero) * sum.a_ratio;
    const float y = static_cast<float>(b[i] - sum.b_zero) * sum.b_ratio;
    out[i] = static_cast<uint8_t>(std::nearbyint(std::clamp(x + y, -zero, 255 - zero)) + zero);
  }
}

namespace {

template <auto kRow>
void run_lookup(const ByteTable& table, const ConstByteRowsView& input, const ByteRowsView& output,
                ThreadPool& pool) {
  int64_t rows = input.rows, length = input.length;
  if (input.stride == length && output.stride == length) length *= std::exchange(rows, 1);
  for_each_piece(rows, length, pool, [&](int64_t r, int64_t begin, int64_t count) {
    kRow(table.data(), input.row(r) + begin, output.row(r) + begin, count);
  });
}

template <auto kRow>
void run_sum(const ByteSum& sum, const ConstByteRowsView& a, const ConstByteRowsView& b,
             const ByteRowsView& output, ThreadPool& pool) {
  int64_t rows = output.rows, length = output.length;
  if (a.stride == length && b.stride == length && output.stride == length)
    length *= std::exchange(rows, 1);
  for_each_piece(rows, length, pool, [&](int64_t r, int64_t begin, int64_t count) {
    kRow(sum, a.row(r) + begin, b.row(r) + begin, output.row(r) + begin, count);
  });
}

constexpr LookupKernel kLookupKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx512vbmi", CpuNeed::kAvx512Vbmi, nullptr, run_lookup<lookup_row_avx512vbmi>},
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run_lookup<lookup_row_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run_lookup<lookup_row_reference>},
};

constexpr ByteSumKernel kByteSumKernels[] = {
#if SHRIKE_KERNELS_AVX2
    {"avx2", CpuNeed::kAvx2Fma, nullptr, run_sum<byte_sum_row_avx2>},
#endif
    {"reference", CpuNeed::kNothing, nullptr, run_sum<byte_sum_row_reference>},
};

}  // namespace

std::span<const LookupKernel> lookup_kernels() { return kLookupKernels; }
std::span<const ByteSumKernel> byte_sum_kernels() { return kByteSumKernels; }

}  // namespace shrike::kernels
