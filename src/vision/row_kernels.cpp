#include "vision/row_kernels.h"

#include <algorithm>
#include <array>

#include "base/cpu.h"
#include "vision/row_kernels_avx2.h"

namespace shrike {

namespace {

void blend_columns(const uint8_t* row, size_t, std::span<const ColumnTap> taps, int16_t* out) {
  for (const ColumnTap& tap : taps) {
    const uint8_t* left = row + tap.offset;
    const uint8_t* right = tap.right == 0 ? left : left + 3;
    for (int c = 0; c < 3; ++c)
      *out++ = static_cast<int16_t>((tap.left * left[c] + tap.right * right[c]) >> 4);
  }
}

void blend_rows(const int16_t* a, const int16_t* b, int16_t upper, int16_t lower, size_t count,
                uint8_t* out) {
  for (size_t i = 0; i < count; ++i) {
    const int sum = ((upper * a[i]) >> 16) + ((lower * b[i]) >> 16);
    out[i] = static_cast<uint8_t>(std::min((sum + 2) >> 2, 255));
  }
}

void halve(const uint8_t* a, const uint8_t* b, size_t pixels, uint8_t* out) {
  for (size_t x = 0; x < pixels; ++x, a += 6, b += 6)
    for (int c = 0; c < 3; ++c)
      *out++ = static_cast<uint8_t>((a[c] + a[c + 3] + b[c] + b[c + 3] + 2) >> 2);
}

void deinterleave(const uint8_t* row, size_t pixels, uint8_t* c0, uint8_t* c1, uint8_t* c2) {
  for (size_t i = 0; i < pixels; ++i) {
    c0[i] = row[3 * i];
    c1[i] = row[3 * i + 1];
    c2[i] = row[3 * i + 2];
  }
}

void to_float(const uint8_t* in, size_t count, float divisor, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<float>(in[i]) / divisor;
}

bool always() { return true; }

constexpr RowKernels kReference = {"reference", always,       blend_columns, blend_rows,
                                   halve,       deinterleave, to_float};

#if SHRIKE_VISION_AVX2
constexpr std::array kAllRowKernels = {kRowKernelsAvx2, kReference};
#else
constexpr std::array kAllRowKernels = {kReference};
#endif

}  // namespace

std::span<const RowKernels> all_row_kernels() { return kAllRowKernels; }

const RowKernels& row_kernels() {
  static const RowKernels& chosen =
      *std::find_if(kAllRowKernels.begin(), kAllRowKernels.end(),
                    [](const RowKernels& kernels) { return kernels.supported(); });
  return chosen;
}

}  // namespace shrike
