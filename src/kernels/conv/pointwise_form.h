// Strips of pixels on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like. How a tile's sums come about is a parameter of all else: a
// template Sums<kRows, kVectors>, made from a strip and its first pixel.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include "kernels/conv/pointwise.h"

namespace shrike::kernels {
namespace {

// kRows pixels and kVectors vectors of columns.
template <int kRows, int kVectors>
struct PointwiseSums {
  Vec sums[kRows][kVectors];

  [[gnu::always_inline]] PointwiseSums(const PointwiseStrip& strip, int64_t p) {
    constexpr int64_t kColumns = kVectors * kLanes;
    const float* row[kRows];
#pragma GCC unroll 10
    for (int r = 0; r < kRows; ++r) {
      row[r] = r == 0 ? strip.input + p * strip.input_step : row[r - 1] + strip.input_step;
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = splat(0.0f);
    }
    const float* weights = strip.weights;
    const int64_t depth = strip.depth;
#pragma GCC unroll 2
    for (int64_t k = 0; k < depth; ++k, weights += kColumns) {
      Vec w[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) w[v] = load_aligned(weights + v * kLanes);
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r) {
        const Vec x = splat(row[r][k]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[r][v] = fma(x, w[v], sums[r][v]);
      }
    }
    // The bias comes last, for the reason given in tile_avx2.cpp.
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Vec bias = load(strip.bias + v * kLanes);
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r) sums[r][v] = sums[r][v] + bias;
    }
  }
};

// Sums that pass through memory: those of fewer pixels than are computed at once, so that they are
// not compiled anew for each activation, and those of columns that are not there.
template <template <int, int> typename Sums, int kRows, int kVectors>
void store_sums(const PointwiseStrip& strip, int64_t p, float* target) {
  const Sums<kRows, kVectors> tile(strip, p);
#pragma GCC unroll 10
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v)
      store_aligned(target + (r * kVectors + v) * kLanes, tile.sums[r][v]);
}

// And what follows them. The residual may be the output.
template <int kVectors, typename Act>
void finish_sums(const PointwiseStrip& strip, const Act& act, const float* sums, int64_t p,
                 int64_t end) {
  for (; p < end; ++p, sums += kVectors * kLanes)
    for (int64_t j = 0; j < strip.columns; j += kLanes) {
      const int64_t count = strip.columns - j;
      Vec sum = load_aligned(sums + j), residual = splat(0.0f);
      if (strip.order != Residual::kNone)
        residual = load_some(strip.residual + p * strip.residual_step + j, count);
      if (strip.order == Residual::kBeforeActivation) sum = sum + residual;
      sum = act(sum);
      if (strip.order == Residual::kAfterActivation) sum = sum + residual;
      store_some(strip.output + p * strip.output_step + j, sum, count);
    }
}

using StoreSums = void (*)(const PointwiseStrip&, int64_t p, float* target);
template <template <int, int> typename Sums, int kVectors, int... kCount>
constexpr auto store_sums_of(std::integer_sequence<int, kCount...>) {
  return std::array<StoreSums, sizeof...(kCount) + 1>{nullptr,
                                                      store_sums<Sums, kCount + 1, kVectors>...};
}
// Of 1 .. kRows pixels.
template <template <int, int> typename Sums, int kRows, int kVectors>
constexpr auto kStoreSums = store_sums_of<Sums, kVectors>(std::make_integer_sequence<int, kRows>());

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void add_residual(const PointwiseStrip& strip, int64_t p,
                                                Vec (&values)[kRows][kVectors]) {
  const float* residual = strip.residual + p * strip.residual_step;
#pragma GCC unroll 10
  for (int r = 0; r < kRows; ++r, residual += strip.residual_step)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) values[r][v] = values[r][v] + load(residual + v * kLanes);
}

// What finish_sums() does, in registers. What a strip says of all tiles is read once: behind a
// store the compiler would read it again, and count from the first pixel for each. kAdd: with a
// residual; the loop is made twice, as a branch between sums and activations keeps the compiler
// from running them beside each other. Products need all registers, so the activation's constants
// are read behind those of each tile.
template <template <int, int> typename Sums, int kRows, int kVectors, bool kAdd, typename Act>
[[gnu::always_inline]] inline int64_t finish_tiles(const PointwiseStrip& strip) {
  const int64_t count = strip.count, output_step = strip.output_step;
  float* output = strip.output;
  int64_t p = 0;
  for (; p + kRows <= count; p += kRows) {
    Sums<kRows, kVectors> tile(strip, p);
    const Act act(*hidden(&strip.activation));
    if (kAdd && strip.order == Residual::kBeforeActivation) add_residual(strip, p, tile.sums);
    if (kAdd) {
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) tile.sums[r][v] = act(tile.sums[r][v]);
      if (strip.order == Residual::kAfterActivation) add_residual(strip, p, tile.sums);
    }
#pragma GCC unroll 10
    for (int r = 0; r < kRows; ++r, output += output_step)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v)
        store(output + v * kLanes, kAdd ? tile.sums[r][v] : act(tile.sums[r][v]));
  }
  return p;
}

// Whether sums are finished in registers, beside the next ones'. Constants that are part of the
// code would take the registers of weights in the wide tiles, in one loop with these.
template <int kVectors, typename Act>
constexpr bool kInRegisters = kLanes* kVectors < 32 || std::is_same_v<Act, VecNone> ||
                              std::is_same_v<Act, VecRelu> || std::is_same_v<Act, VecLeakyRelu> ||
                              std::is_same_v<Act, VecClip> || std::is_same_v<Act, VecSilu>;

// finish_sums() of whole vectors. kAdd: with a residual.
template <int kVectors, bool kAdd, typename Act>
void finish_whole(const PointwiseStrip& strip, const Act& act, const float* sums, int64_t p,
                  int64_t end) {
  for (; p < end; ++p, sums += kVectors * kLanes) {
    float* output = strip.output + p * strip.output_step;
    const float* residual = strip.residual + (kAdd ? p * strip.residual_step : 0);
    Vec value[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      value[v] = load_aligned(sums + v * kLanes);
      if (kAdd && strip.order == Residual::kBeforeActivation)
        value[v] = value[v] + load(residual + v * kLanes);
      value[v] = act(value[v]);
      if (kAdd && strip.order == Residual::kAfterActivation)
        value[v] = value[v] + load(residual + v * kLanes);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) store(output + v * kLanes, value[v]);
  }
}

// Sums of some tiles at a time, which the first cache level holds, then what follows them.
template <template <int, int> typename Sums, int kRows, int kVectors, typename Act>
void strip_through_memory(const PointwiseStrip& strip, const Act& act, int64_t p) {
  constexpr int64_t kHeld = 4 * kRows;
  const bool whole = strip.columns == kVectors * kLanes;
  const auto finish = !whole                           ? finish_sums<kVectors, Act>
                      : strip.order == Residual::kNone ? finish_whole<kVectors, false, Act>
                                                       : finish_whole<kVectors, true, Act>;
  alignas(64) float sums[kHeld * kVectors * kLanes];
  for (int64_t end; p < strip.count; p = end) {
    end = strip.count - p < kHeld ? strip.count : p + kHeld;
    float* target = sums;
    for (int64_t tile = p; tile < end; tile += kRows, target += kRows * kVectors * kLanes) {
      const auto count = static_cast<size_t>(end - tile < kRows ? end - tile : kRows);
      kStoreSums<Sums, kRows, kVectors>[count](strip, tile, target);
    }
    finish(strip, act, sums, p, end);
  }
}

template <template <int, int> typename Sums, int kRows, int kVectors, typename Act>
void strip_of(const PointwiseStrip& strip) {
  static_assert(kRows <= 10);
  const Act act(strip.activation);
  int64_t p = 0;
  if constexpr (kInRegisters<kVectors, Act>) {
    if (strip.columns == kVectors * kLanes)
      p = strip.order == Residual::kNone ? finish_tiles<Sums, kRows, kVectors, false, Act>(strip)
                                         : finish_tiles<Sums, kRows, kVectors, true, Act>(strip);
  }
  strip_through_memory<Sums, kRows, kVectors>(strip, act, p);
}

template <template <int, int> typename Sums, int kRows, int kVectors>
PointwiseFunction strip_function(ActivationKind kind) {
  return with_vector_activation(kind, []<typename Act>() -> PointwiseFunction {
    return strip_of<Sums, kRows, kVectors, Act>;
  });
}

}  // namespace
}  // namespace shrike::kernels
