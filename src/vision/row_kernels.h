// The inner loops of resizing and of filling a tensor, each over one row: a readable reference and
// a version for AVX2 that gives the same bits.
//
// kAllRowKernels lists them, fastest first, reference last; row_kernels() is the first one this
// processor can run. Tests loop over the list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace shrike {

// Where an output pixel of a row comes from: the bytes at `offset` (left neighbour) and `offset` +
// 3 (right neighbour), weighted with left and right, which sum to 2048. Where the right neighbour
// would lie outside the row, its weight is 0 and it is not read.
struct ColumnTap {
  int32_t offset;
  int16_t left;
  int16_t right;
};

struct RowKernels {
  std::string_view name;
  bool (*supported)();

  // out[3x + c] = (left * row[offset + c] + right * row[offset + 3 + c]) >> 4, for each tap x.
  // Reads row[0..row_bytes) only; writes 3 * taps.size() values.
  void (*blend_columns)(const uint8_t* row, size_t row_bytes, std::span<const ColumnTap> taps,
                        int16_t* out);

  // out[i] = min(255, (upper * a[i] >> 16) + (lower * b[i] >> 16) + 2 >> 2)
  void (*blend_rows)(const int16_t* a, const int16_t* b, int16_t upper, int16_t lower, size_t count,
                     uint8_t* out);

  // out[3x + c] = (sum of channel c of pixels 2x, 2x + 1 of rows a and b) + 2 >> 2, for each of
  // `pixels` output pixels.
  void (*halve)(const uint8_t* a, const uint8_t* b, size_t pixels, uint8_t* out);

  // Splits `pixels` pixels of three bytes into three rows.
  void (*deinterleave)(const uint8_t* row, size_t pixels, uint8_t* c0, uint8_t* c1, uint8_t* c2);

  // out[i] = in[i] / divisor, rounded as IEEE division is (not a product with 1 / divisor).
  void (*to_float)(const uint8_t* in, size_t count, float divisor, float* out);
};

std::span<const RowKernels> all_row_kernels();
const RowKernels& row_kernels();

}  // namespace shrike
