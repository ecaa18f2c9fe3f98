// What lean.h needs on the vectors of one instruction set: included by its file behind
// activation/vector_avx2.h or its like. Panels are two vectors wide.
#pragma once

#include <array>
#include <utility>

#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/lean.h"

namespace shrike::kernels {
namespace {

constexpr int64_t kLeanColumns = 2 * kLanes;

inline Vec constant(double value) { return splat(static_cast<float>(value)); }

// Three vectors of a kernel for each channel of a group: taps of a column, or a row of G g.
struct KernelLines {
  const float* first;
  int64_t channel, step;  // floats to the next channel, and to the next of the three
};

// The rows of G of the points +-p_i are s_i (1, +-p_i, p_i^2), but for the sign of the second
// (toom_cook.h): u = even + odd and +-(even - odd) of a kernel's three taps, or of vectors of them.
template <const auto& kNumbers, size_t kPair>
struct KernelPair {
  static constexpr const double* kPlus = kNumbers.weights[kNumbers.kFirstPair + 2 * kPair];
  static constexpr const double* kMinus = kNumbers.weights[kNumbers.kFirstPair + 2 * kPair + 1];

  [[gnu::always_inline]] void operator()(const Vec* g, Vec& plus, Vec& minus) const {
    const Vec even = fma(third, g[2], first * g[0]), odd = second * g[1];
    plus = even + odd;
    minus = kMinus[0] == kPlus[0] ? even - odd : odd - even;
  }

  const Vec first = constant(kPlus[0]), second = constant(kPlus[1]), third = constant(kPlus[2]);
};

// plus[c * kLines * step] and minus: two points of kLines lines of each channel, lines `step`
// apart.
template <int kVectors, int kLines, typename Pair>
void make_two(KernelLines lines, int64_t channels, float* plus, float* minus) {
  const Pair pair;
  for (int64_t c = 0; c < channels; ++c, lines.first += lines.channel)
#pragma GCC unroll 3
    for (int line = 0; line < kLines; ++line, plus += kLeanColumns, minus += kLeanColumns)
#pragma GCC unroll 2
      for (int64_t v = 0; v < kVectors * kLanes; v += kLanes) {
        const float* from = lines.first + line * kLeanColumns + v;
        const Vec g[3] = {load_aligned(from), load_aligned(from + lines.step),
                          load_aligned(from + 2 * lines.step)};
        Vec one, other;
        pair(g, one, other);
        store_aligned(plus + v, one);
        store_aligned(minus + v, other);
      }
}

// The point 0, which is made of the first of the three.
template <int kVectors, int kLines, const auto& kNumbers>
void make_zero(KernelLines lines, int64_t channels, float* target) {
  const Vec scale = constant(kNumbers.weights[0][0]);
  for (int64_t c = 0; c < channels; ++c, lines.first += lines.channel)
#pragma GCC unroll 3
    for (int line = 0; line < kLines; ++line, target += kLeanColumns)
#pragma GCC unroll 2
      for (int64_t v = 0; v < kVectors * kLanes; v += kLanes)
        store_aligned(target + v, scale * load_aligned(lines.first + line * kLeanColumns + v));
}

// Weights of one point: vectors of a channel behind each other, channels `step` floats apart.
struct PointWeights {
  const float* first;
  int64_t step;
};

// Products of one point and kTiles tiles.
template <int kTiles, int kVectors>
void multiply_tiles(const float* values, PointWeights weights, int64_t channels, float* sums,
                    bool add) {
  Vec sum[kTiles][kVectors];
#pragma GCC unroll 24
  for (int t = 0; t < kTiles; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sum[t][v] = splat(0.0f);
#pragma GCC unroll 2
  for (int64_t c = 0; c < channels; ++c, weights.first += weights.step) {
    Vec w[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) w[v] = load_aligned(weights.first + v * kLanes);
#pragma GCC unroll 24
    for (int t = 0; t < kTiles; ++t) {
      const Vec x = splat(values[t * kLeanChannels + c]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[t][v] = fma(x, w[v], sum[t][v]);
    }
  }
#pragma GCC unroll 24
  for (int t = 0; t < kTiles; ++t)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      float* target = sums + t * kLeanColumns + v * kLanes;
      store_aligned(target, add ? load_aligned(target) + sum[t][v] : sum[t][v]);
    }
}

using MultiplyTiles = void (*)(const float* values, PointWeights weights, int64_t channels,
                               float* sums, bool add);
template <int kVectors, int... kTiles>
constexpr auto multiply_functions(std::integer_sequence<int, kTiles...>) {
  return std::array<MultiplyTiles, sizeof...(kTiles)>{multiply_tiles<kTiles + 1, kVectors>...};
}

// A group on its way through its points.
template <const auto& kNumbers, int kVectors>
class LeanSweep {
 public:
  explicit LeanSweep(const LeanGroup& group)
      : group_(group),
        next_(group.next),
        columns_{group.taps, kTaps * kLeanColumns, 3 * kLeanColumns} {}

  // Of the rows of G g that of infinity is the last row of taps.
  void run() {
    if constexpr (kFirst > 0) {
      make_zero<kVectors, 3, kNumbers>(columns_, group_.channels, half(0));
      multiply_row(0, {half(0), 3 * kLeanColumns, kLeanColumns});
    }
    pairs_of_rows(kPairs);
    multiply_row(kIn - 1, {group_.taps + 6 * kLeanColumns, kTaps * kLeanColumns, kLeanColumns});
  }

 private:
  static constexpr int64_t kTaps = 9;
  static constexpr auto kFirst = static_cast<int>(kNumbers.kFirstPair);
  static constexpr auto kIn = static_cast<int>(kNumbers.kPoints);
  static constexpr auto kPairs =
      std::make_index_sequence<sizeof(kNumbers.points) / sizeof(double)>();
  // As many tiles at once as registers hold the sums of.
  static constexpr int kTilesAtOnce = (kLanes == 16 ? 24 : 12) / kVectors;
  static constexpr auto kMultiply =
      multiply_functions<kVectors>(std::make_integer_sequence<int, kTilesAtOnce>());

  float* half(int64_t row) const { return group_.half + row * group_.channels * 3 * kLeanColumns; }

  template <size_t... kPair>
  void pairs_of_rows(std::index_sequence<kPair...>) {
    (two_rows<kPair>(), ...);
  }
  template <size_t kPair>
  void two_rows() {
    make_two<kVectors, 3, KernelPair<kNumbers, kPair>>(columns_, group_.channels, half(0), half(1));
    for (int row = 0; row < 2; ++row)
      multiply_row(kFirst + 2 * static_cast<int>(kPair) + row,
                   {half(row), 3 * kLeanColumns, kLeanColumns});
  }

  // All points of one row of G g G^T, from that row of G g.
  void multiply_row(int row, const KernelLines& lines) {
    if constexpr (kFirst > 0) {
      make_zero<kVectors, 1, kNumbers>(lines, group_.channels, group_.weights);
      multiply(row, 0, {group_.weights, kLeanColumns});
    }
    pairs_of_points(row, lines, kPairs);
    multiply(row, kIn - 1, {lines.first + 2 * lines.step, lines.channel});
  }
  template <size_t... kPair>
  void pairs_of_points(int row, const KernelLines& lines, std::index_sequence<kPair...>) {
    (two_points<kPair>(row, lines), ...);
  }
  template <size_t kPair>
  void two_points(int row, const KernelLines& lines) {
    float *plus = group_.weights, *minus = plus + group_.channels * kLeanColumns;
    make_two<kVectors, 1, KernelPair<kNumbers, kPair>>(lines, group_.channels, plus, minus);
    const int column = kFirst + 2 * static_cast<int>(kPair);
    multiply(row, column, {plus, kLeanColumns});
    multiply(row, column + 1, {minus, kLeanColumns});
  }

  void multiply(int row, int column, PointWeights weights) {
    fetch_taps();
    const int64_t point = row * kIn + column;
    const float* values = group_.values + point * group_.values_stride;
    float* sums = group_.sums + point * group_.sums_stride;
    for (const TileGrid::Run& run : group_.users->of(row, column)) {
      const int64_t count = run.last - run.first, skipped = run.first - group_.first;
      const int64_t groups = (count + kTilesAtOnce - 1) / kTilesAtOnce;
      for (int64_t i = 0; i < groups; ++i) {
        const int64_t begin = count * i / groups, end = count * (i + 1) / groups;
        const int64_t tile = skipped + begin;
        kMultiply[static_cast<size_t>(end - begin - 1)](values + tile * kLeanChannels, weights,
                                                        group_.channels, sums + tile * kLeanColumns,
                                                        group_.add);
      }
    }
  }

  // Asks for a point's share of the taps behind the group's.
  void fetch_taps() {
    constexpr int64_t kLine = 16;  // floats
    const int64_t lines = group_.channels * kTaps * kLeanColumns / kLine;
    const int64_t share = (lines + kIn * kIn - 1) / (kIn * kIn);
    for (int64_t i = 0; i < share; ++i, next_ += kLine) __builtin_prefetch(next_, 0, 2);
  }

  const LeanGroup& group_;
  const float* next_;
  const KernelLines columns_;
};

template <const auto& kNumbers>
constexpr LeanWinograd lean_winograd(const WinogradKernel& kernel) {
  return {&kernel, [](const LeanGroup& group) {
            if (group.count > kLanes) {
              LeanSweep<kNumbers, 2>(group).run();
            } else {
              LeanSweep<kNumbers, 1>(group).run();
            }
          }};
}

}  // namespace
}  // namespace shrike::kernels
