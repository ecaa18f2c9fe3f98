// The parts of Winograd's convolution on the vectors of one instruction set: included by its file
// behind the header of vectors and
//   Ints multiply_add(Ints sums, Ints step, Ints weights)   both products of int16s, to each int32
#pragma once

#include "kernels/qconv/finish.h"
#include "kernels/qconv/winograd.h"

namespace shrike::kernels {
namespace {

constexpr int kWords = 2 * kInts;

// B^T of winograd.h.
[[gnu::always_inline]] inline void input_row(const Words (&d)[6], Words (&t)[6]) {
  const Words even = subtract(d[4], shift_left<2>(d[2]));  // d4 - 4 d2
  const Words odd = subtract(d[3], shift_left<2>(d[1]));   // d3 - 4 d1
  const Words even2 = subtract(d[4], d[2]);                // d4 - d2
  const Words odd2 = shift_left<1>(subtract(d[3], d[1]));  // 2 (d3 - d1)
  t[0] = add(shift_left<2>(d[0]), subtract(even, d[2]));
  t[1] = add(even, odd);
  t[2] = subtract(even, odd);
  t[3] = add(even2, odd2);
  t[4] = subtract(even2, odd2);
  t[5] = add(shift_left<2>(subtract(d[1], d[3])), subtract(d[5], d[3]));
}

// A^T.
[[gnu::always_inline]] inline void output_row(const Ints (&m)[6], Ints (&y)[4]) {
  const Ints sum1 = add_ints(m[1], m[2]), difference1 = subtract_ints(m[1], m[2]);
  const Ints sum2 = add_ints(m[3], m[4]), difference2 = subtract_ints(m[3], m[4]);
  y[0] = add_ints(add_ints(m[0], shift_left_ints<2>(sum1)), sum2);
  y[1] = add_ints(shift_left_ints<1>(difference1), difference2);
  y[2] = add_ints(sum1, sum2);
  y[3] = add_ints(add_ints(difference1, shift_left_ints<1>(difference2)), m[5]);
}

// Channels from c on, which `load` takes from a pixel.
template <typename Load>
[[gnu::always_inline]] inline void transform_channels(const QWinogradInput& in, int64_t c,
                                                      const Load& load) {
  const Words middle = splat_word(128);
  Words half[6][6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; ++j) {
    const uint8_t* source = in.source + j * in.pixel + c;
    Words column[6], done[6];
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) column[i] = subtract(load(source + i * in.row), middle);
    input_row(column, done);
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) half[i][j] = done[i];
  }
  int16_t* target = in.target + c;
#pragma GCC unroll 6
  for (int i = 0; i < 6; ++i) {
    Words done[6];
    input_row(half[i], done);
#pragma GCC unroll 6
    for (int j = 0; j < 6; ++j, target += in.point_stride)
      store_words(reinterpret_cast<std::byte*>(target), done[j]);
  }
}

void transform_input(const QWinogradInput& in) {
  int64_t c = 0;
  for (; c + kWords <= in.channels; c += kWords)
    transform_channels(in, c, [](const uint8_t* source) { return bytes_to_words(source); });
  if (c < in.channels)
    transform_channels(in, c, [](const uint8_t* source) { return half_bytes_to_words(source); });
}

// Rows [first, last) in tiles of kRows.
template <int kRows, int kVectors, int kMaxVectors>
void product_rows(const QWinogradProduct& p, int64_t first, int64_t last) {
  constexpr int kVectorBytes = kInts * 4;
  for (int64_t i = first; i < last; i += kRows) {
    Ints sums[kRows][kVectors];
    const std::byte* row[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      row[r] = reinterpret_cast<const std::byte*>(p.values + (i + r) * p.value_stride);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] = Ints{};
    }
    const std::byte* weights = p.weights;
    for (int64_t k = 0; k < 2 * p.depth; k += 4, weights += kMaxVectors * kVectorBytes) {
      Ints w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) w[v] = load_ints(weights + v * kVectorBytes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const Ints step = splat_step(row[r] + k);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sums[r][v] = multiply_add(sums[r][v], step, w[v]);
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        store_ints(p.sums + (i + r) * kMaxVectors * kInts + v * kInts, sums[r][v]);
  }
}

using RowsFunction = void (*)(const QWinogradProduct&, int64_t first, int64_t last);
template <int kVectors, int kMaxVectors>
constexpr RowsFunction kProductRows[9] = {
    nullptr,
    product_rows<1, kVectors, kMaxVectors>,
    product_rows<2, kVectors, kMaxVectors>,
    product_rows<3, kVectors, kMaxVectors>,
    product_rows<4, kVectors, kMaxVectors>,
    product_rows<5, kVectors, kMaxVectors>,
    product_rows<6, kVectors, kMaxVectors>,
    product_rows<7, kVectors, kMaxVectors>,
    product_rows<8, kVectors, kMaxVectors>,
};

// As few tiles as there can be, of two sizes that differ by one row.
template <int kRows>
void multiply(const QWinogradProduct& p) {
  const auto& functions = p.columns <= kInts ? kProductRows<1, 2> : kProductRows<2, 2>;
  const int64_t tiles = (p.count + kRows - 1) / kRows;
  const int64_t rows = p.count / tiles;
  const int64_t larger = (p.count - rows * tiles) * (rows + 1);
  if (larger > 0) functions[rows + 1](p, 0, larger);
  functions[rows](p, larger, p.count);
}

constexpr int kScaleBits[4] = {3, 2, 1, 1};  // of 24, 12, 6, 6, which are 3 times a power of 2

// The 16 outputs of a tile, kInts columns of each: sums[16][columns]. One function for all rules:
// within each of them it takes compilers minutes when sanitizers look on.
template <int kColumns>
[[gnu::noinline]] void transform_output(const int32_t* products, int64_t point_stride,
                                        Ints constant, int32_t* sums) {
  constexpr auto kInverseOf9 = static_cast<int32_t>(0x38e38e39);
  Ints half[4][6];
#pragma GCC unroll 6
  for (int j = 0; j < 6; ++j) {
    Ints column[6], done[4];
#pragma GCC unroll 6
    for (int i = 0; i < 6; ++i) column[i] = load_ints(products + (i * 6 + j) * point_stride);
    output_row(column, done);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) half[i][j] = done[i];
  }
  const auto put = [&]<int kShift>(int place, Ints value) {
    const Ints whole = shift_right_ints<kShift>(multiply_ints(value, kInverseOf9));
    store_ints(sums + place * kColumns, add_ints(whole, constant));
  };
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    Ints done[4];
    output_row(half[i], done);
    const auto row = [&]<int kBits>() {
      put.template operator()<kBits + kScaleBits[0]>(i * 4, done[0]);
      put.template operator()<kBits + kScaleBits[1]>(i * 4 + 1, done[1]);
      put.template operator()<kBits + kScaleBits[2]>(i * 4 + 2, done[2]);
      put.template operator()<kBits + kScaleBits[3]>(i * 4 + 3, done[3]);
    };
    if (i == 0) row.template operator()<kScaleBits[0]>();
    if (i == 1) row.template operator()<kScaleBits[1]>();
    if (i >= 2) row.template operator()<kScaleBits[2]>();
  }
}

template <typename Rule, bool kAdd, int kVectors>
void output_tiles(const QWinogradOutput& out) {
  constexpr int kColumns = 2 * kInts, kRows = 4;
  const Rule rule(*out.outputs.rule);
  alignas(64) int32_t sums[kWinogradOutputs * kColumns];
  QTile tile = out.outputs;
  for (int64_t t = 0; t < out.tiles; ++t) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v)
      transform_output<kColumns>(out.products + t * kColumns + v * kInts, out.point_stride,
                                 load_ints(static_cast<const int32_t*>(tile.constants) + v * kInts),
                                 sums + v * kInts);
    for (int i = 0; i < kWinogradOutputs; i += kRows) {
      Ints rows[kRows][kVectors];
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v)
          rows[r][v] = load_ints(sums + (i + r) * kColumns + v * kInts);
      finish_bytes<kAdd>(tile, rule, rows);
      tile.outputs += kRows;
      tile.residual += kRows;
    }
  }
}

using QWinogradOutputFunction = void (*)(const QWinogradOutput&);

template <bool kAdd, int kVectors>
QWinogradOutputFunction output_function(RuleKind kind) {
  switch (kind) {
    case RuleKind::kIdentity:
      return output_tiles<FloatRule<IdentityLine, kAdd>, kAdd, kVectors>;
    case RuleKind::kLeaky:
      return output_tiles<FloatRule<LeakyLine, kAdd>, kAdd, kVectors>;
    case RuleKind::kClip:
      return output_tiles<FloatRule<ClipLine, kAdd>, kAdd, kVectors>;
    case RuleKind::kFineCurve:
      return output_tiles<FloatRule<FineCurve, kAdd>, kAdd, kVectors>;
    case RuleKind::kCurve:
      return output_tiles<CurveRule<false, kAdd>, kAdd, kVectors>;
    default:
      return output_tiles<CurveRule<true, kAdd>, kAdd, kVectors>;
  }
}

}  // namespace
}  // namespace shrike::kernels
