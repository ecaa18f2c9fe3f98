// What lean_pairs.h needs on the vectors of one instruction set: included by its file behind
// activation/vector_avx512.h or its like.
#pragma once

#include <array>
#include <cassert>
#include <utility>

#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/lean_pairs.h"

namespace shrike::kernels {
namespace {

// Two rows of G of the points +-p, less their scale: u = even + odd and even - odd of a kernel's
// three taps, or of vectors of them.
struct PointPair {
  explicit PointPair(double p)
      : point(splat(static_cast<float>(p))), square(splat(static_cast<float>(p * p))) {}

  [[gnu::always_inline]] void operator()(Vec first, Vec second, Vec third, Vec& plus,
                                         Vec& minus) const {
    const Vec even = fma(square, third, first), odd = point * second;
    plus = even + odd;
    minus = even - odd;
  }
  [[gnu::always_inline]] void operator()(const float* g, int64_t step, Vec& plus,
                                         Vec& minus) const {
    (*this)(load_aligned(g), load_aligned(g + step), load_aligned(g + 2 * step), plus, minus);
  }

  Vec point, square;
};

// What a block's passes over its points have alike.
struct LeanPasses {
  int64_t channels;
  bool add;           // to the sums that are there
  const float* next;  // of the taps behind the block's, which come from beyond the caches

  [[gnu::always_inline]] void fetch() {
    __builtin_prefetch(next, 0, 2);
    next += kLanes;
  }
};

// Two points +-p of a row of G g, which has three vectors a channel, and where their tiles' values
// and sums are.
struct TwoPoints {
  const float* row;
  double point;
  const float* values;
  float* sums;
};

// Weights are in registers here: the compiler makes them neither later nor twice.
[[gnu::always_inline]] inline void keep(Vec& a, Vec& b) { asm volatile("" : "+v"(a), "+v"(b)); }

// The weights of channel c at two points: those of a row whose channels are kStep floats apart.
template <int64_t kStep>
struct RowWeights {
  explicit RowWeights(const TwoPoints& points) : row(points.row), columns(points.point) {}

  [[gnu::always_inline]] void operator()(int64_t c, Vec& plus, Vec& minus) const {
    columns(row + c * kStep, kLanes, plus, minus);
    keep(plus, minus);
  }

  const float* row;
  PointPair columns;
};

constexpr int64_t kRow = 3 * kLanes, kKernel = 3 * kRow;  // floats of a channel

// The same of the first of two rows that are made on the way: products run beside what is read and
// stored for that.
struct MadeWeights {
  const float* taps;
  float *first, *second;  // [channel][3][lanes]
  PointPair rows, columns;

  [[gnu::always_inline]] void operator()(int64_t c, Vec& plus, Vec& minus) const {
    Vec row[3];
#pragma GCC unroll 3
    for (int64_t t = 0; t < 3; ++t) {
      Vec other;
      rows(taps + c * kKernel + t * kLanes, kRow, row[t], other);
      store_aligned(first + c * kRow + t * kLanes, row[t]);
      store_aligned(second + c * kRow + t * kLanes, other);
    }
    columns(row[0], row[1], row[2], plus, minus);
    keep(plus, minus);
  }
};

// The weights of the first two channels of what comes next.
struct Begun {
  template <typename Weights>
  [[gnu::always_inline]] explicit Begun(const Weights& weights) {
    weights(0, plus[0], minus[0]);
    weights(1, plus[1], minus[1]);
  }

  Vec plus[2], minus[2];
};

// What sums are added to that are the first.
alignas(64) constexpr float kNothing[kLeanPairTiles * kLanes] = {};

template <int kTiles>
[[gnu::always_inline]] inline void add_sums(const Vec (&made)[kTiles], bool add, float* sums) {
  const float* before = add ? sums : kNothing;
#pragma GCC unroll 9
  for (int64_t t = 0; t < kTiles; ++t)
    store_aligned(sums + t * kLanes, load_aligned(before + t * kLanes) + made[t]);
}

// Two points of a row, all channels; `begun` are weights of its own first, and become those of
// `following`. Weights that are added to are made beside the products before them that have no
// additions.
template <int kTiles, typename Weights, typename Following>
[[gnu::always_inline]] inline void multiply_two(LeanPasses& passes, const TwoPoints& points,
                                                const Weights& weights, const Following& following,
                                                Begun& begun) {
  const float *x = points.values, *y = x + passes.channels * kTiles;
  Vec(&u)[2] = begun.plus, (&v)[2] = begun.minus;
  Vec sum[kTiles], other[kTiles];
#pragma GCC unroll 9
  for (int t = 0; t < kTiles; ++t) sum[t] = other[t] = splat(0.0f);
  // Channels c to c + 2, and the weights of `behind` from channel d on.
  const auto add_triple = [&](int64_t c, const auto& behind, int64_t d)
      __attribute__((always_inline)) {
    passes.fetch();
    Vec plus, minus;
    const auto add_pair = [&](int t) __attribute__((always_inline)) {
      add_product(splat(x[t]) + u[1], splat(x[kTiles + t]) + u[0], sum[t]);
      add_product(splat(y[t]) + v[1], splat(y[kTiles + t]) + v[0], other[t]);
    };
    const auto add_single = [&](int t) __attribute__((always_inline)) {
      add_product(x + 2 * kTiles + t, plus, sum[t]);
      add_product(y + 2 * kTiles + t, minus, other[t]);
    };
#pragma GCC unroll 9
    for (int t = 0; t < kTiles / 2; ++t) add_pair(t);
    weights(c + 2, plus, minus);
#pragma GCC unroll 9
    for (int t = kTiles / 2; t < kTiles; ++t) add_pair(t);
    constexpr int kMiddle = (kTiles + 1) / 2;
    add_single(0);
    behind(d, u[0], v[0]);
#pragma GCC unroll 9
    for (int t = 1; t < kMiddle; ++t) add_single(t);
    behind(d + 1, u[1], v[1]);
#pragma GCC unroll 9
    for (int t = kMiddle; t < kTiles; ++t) add_single(t);
    x += 3 * kTiles;
    y += 3 * kTiles;
  };
  int64_t c = 0;
  for (; c + 3 < passes.channels; c += 3) add_triple(c, weights, c + 3);
  add_triple(c, following, 0);
  add_sums(sum, passes.add, points.sums);
  add_sums(other, passes.add, points.sums + kTiles * kLanes);
}

// Points of rows that are there, one pair after the other; what follows the last is not used.
template <int kTiles, int64_t kStep>
[[gnu::always_inline]] inline void multiply_begun(LeanPasses& passes, const TwoPoints* points,
                                                  int64_t count, Begun& begun) {
  for (; count > 0; --count, ++points)
    multiply_two<kTiles>(passes, *points, RowWeights<kStep>(*points),
                         RowWeights<kStep>(points[count > 1]), begun);
}

// The same from the first one's first weights on.
template <int kTiles>
void multiply_row(LeanPasses& all, const TwoPoints* points, int64_t count) {
  LeanPasses passes = all;  // which no store touches
  Begun begun{RowWeights<kKernel>(*points)};
  multiply_begun<kTiles, kKernel>(passes, points, count, begun);
  all.next = passes.next;
}

// Two rows, which are made beside the first points.
template <int kTiles>
void multiply_made(LeanPasses& all, const MadeWeights& made, const TwoPoints* points,
                   int64_t count) {
  LeanPasses passes = all;
  const MadeWeights weights = made;
  Begun begun(weights);
  multiply_two<kTiles>(passes, *points, weights, RowWeights<kRow>(points[1]), begun);
  multiply_begun<kTiles, kRow>(passes, points + 1, count - 1, begun);
  all.next = passes.next;
}

// The points of infinity of kRows rows: their weights are the last of the three.
template <int kTiles, int kRows, int64_t kStep>
void multiply_last(LeanPasses& all, const TwoPoints* points) {
  LeanPasses passes = all;
  const float *x[kRows], *g[kRows];
  Vec sum[kRows][kTiles];
#pragma GCC unroll 2
  for (int r = 0; r < kRows; ++r) {
    x[r] = points[r].values;
    g[r] = points[r].row + 2 * kLanes;
#pragma GCC unroll 9
    for (int t = 0; t < kTiles; ++t) sum[r][t] = splat(0.0f);
  }
  for (int64_t left = passes.channels; left > 0; left -= 3) {
#pragma GCC unroll 2
    for (int r = 0; r < kRows; ++r) {
      passes.fetch();
      Vec first = load_aligned(g[r]), second = load_aligned(g[r] + kStep);
      Vec single = load_aligned(g[r] + 2 * kStep);
      keep(first, second);
      keep(second, single);
#pragma GCC unroll 9
      for (int t = 0; t < kTiles; ++t) {
        add_product(x[r] + 2 * kTiles + t, single, sum[r][t]);
        add_product(splat(x[r][t]) + second, splat(x[r][kTiles + t]) + first, sum[r][t]);
      }
      x[r] += 3 * kTiles;
      g[r] += 3 * kStep;
    }
  }
  all.next = passes.next;
#pragma GCC unroll 2
  for (int r = 0; r < kRows; ++r) add_sums(sum[r], passes.add, points[r].sums);
}

// By tiles; count: of pairs of points, at least one, of rows that are made two.
struct LeanMultiply {
  void (*row)(LeanPasses&, const TwoPoints*, int64_t count);  // of the kernel
  void (*made)(LeanPasses&, const MadeWeights&, const TwoPoints*, int64_t count);
  void (*last)(LeanPasses&, const TwoPoints*);      // of such a row
  void (*two_last)(LeanPasses&, const TwoPoints*);  // of two that were made
};

template <int kTiles>
constexpr LeanMultiply lean_multiply() {
  return {multiply_row<kTiles>, multiply_made<kTiles>, multiply_last<kTiles, 1, kKernel>,
          multiply_last<kTiles, 2, kRow>};
}

template <int... kTiles>
constexpr std::array<LeanMultiply, sizeof...(kTiles)> lean_multiply(
    std::integer_sequence<int, kTiles...>) {
  return {lean_multiply<kTiles + 1>()...};
}

// Of 1 to kLeanPairTiles.
constexpr auto kLeanMultiply =
    lean_multiply(std::make_integer_sequence<int, static_cast<int>(kLeanPairTiles)>());

// A block on its way through its points.
template <const auto& kNumbers>
class LeanPairSweep {
 public:
  explicit LeanPairSweep(const LeanPairBlock& block)
      : block_(block),
        uses_(block.group->uses),
        values_(block.values),
        sums_(block.sums),
        passes_{block.channels, block.add, block.taps + block.channels * kKernel} {}

  void run() {
    // A tile that lies in the map needs all points but those of infinity.
    assert(uses_[0].count > 0);
    for (const double point : kNumbers.points) multiply_rows(point);
    const float* last = block_.taps + 2 * kRow;
    TwoPoints points[kPairs];
    find_row(last, uses_[2].count, points);
    if (uses_[2].count > 0) multiply(uses_[2].count).row(passes_, points, kPairs);
    const TwoPoints corner = find(last, 0, uses_[3].count);
    if (uses_[3].count > 0) multiply(uses_[3].count).last(passes_, &corner);
  }

 private:
  static_assert(kNumbers.kFirstPair == 0);
  static constexpr int64_t kPairs = sizeof(kNumbers.points) / sizeof(double);

  static const LeanMultiply& multiply(int64_t tiles) {
    return kLeanMultiply[static_cast<size_t>(tiles - 1)];
  }

  // Points that are next in a block, so many tiles in all.
  TwoPoints find(const float* row, double point, int64_t tiles) {
    const TwoPoints points{row, point, values_, sums_};
    values_ += block_.channels * tiles;
    sums_ += tiles * kLanes;
    return points;
  }
  void find_row(const float* row, int64_t tiles, TwoPoints* points) {
    for (int64_t i = 0; i < kPairs; ++i) points[i] = find(row, kNumbers.points[i], 2 * tiles);
  }

  // The rows of the points +-p.
  void multiply_rows(double point) {
    float *first = block_.half, *second = first + block_.channels * kRow;
    const int64_t count = uses_[0].count, last = uses_[1].count;
    TwoPoints points[2 * kPairs], ends[2];
    find_row(first, count, points);
    ends[0] = find(first, 0, last);
    find_row(second, count, points + kPairs);
    ends[1] = find(second, 0, last);
    const PointPair rows(point), columns(points[0].point);
    multiply(count).made(passes_, {block_.taps, first, second, rows, columns}, points, 2 * kPairs);
    if (last > 0) multiply(last).two_last(passes_, ends);
  }

  const LeanPairBlock& block_;
  const LeanPairGroup::Use* uses_;
  const float* values_;
  float* sums_;
  LeanPasses passes_;
};

inline void begin_lean_point(const LeanPairStart& point) {
  const float* values = point.values;
  Vec sum = splat(0.0f);
  for (int64_t left = point.channels; left > 0;
       left -= kLeanPairChannels, values += point.block_stride) {
    const int64_t channels = left < kLeanPairChannels ? left : kLeanPairChannels;
    const float* v = values + point.offset * channels;
    for (int64_t c = 0; c < channels; c += 3, v += 3 * point.count)
      sum = fnma(load_some(v, point.count), load_some(v + point.count, point.count), sum);
  }
  store_aligned(point.start, sum);
}

// What the rows of G of a point were divided by.
template <const auto& kNumbers>
constexpr double row_scale(size_t point) {
  return point + 1 < kNumbers.kPoints ? kNumbers.weights[point][0] : 1;
}

// The power of two next to what makes up for it.
template <const auto& kNumbers>
constexpr float value_scale(size_t point) {
  const double scale = row_scale<kNumbers>(point);
  const double wanted = 1 / (scale < 0 ? -scale : scale);
  double power = 1;
  while (power * power * 2 < wanted * wanted) power *= 2;
  return static_cast<float>(power);
}

template <const auto& kNumbers>
void spread_sums(const LeanPairSums& from) {
  constexpr auto kIn = static_cast<size_t>(kNumbers.kPoints);
  const float* sums = from.sums;
  for (size_t i = 0; i < kIn; ++i)
    for (size_t j = 0; j < kIn; ++j) {
      const auto p = static_cast<int64_t>(i * kIn + j);
      const LeanPairGroup::Use& use = from.group->uses[2 * (i == kIn - 1) + (j == kIn - 1)];
      const double scale = row_scale<kNumbers>(i) * row_scale<kNumbers>(j) /
                           (value_scale<kNumbers>(i) * value_scale<kNumbers>(j));
      const Vec factor = splat(static_cast<float>(scale));
      const Vec products = load_aligned(from.products + p * kLanes);
      const float* start = from.start + p * kLanes;
      float* target = from.points + p * from.point_stride;
      for (int64_t t = 0; t < use.count; ++t, sums += kLanes)
        store_aligned(target + use.tiles[t] * from.columns,
                      factor * (load_aligned(sums) + (splat(start[t]) - products)));
    }
}

template <const auto& kNumbers, size_t... kPoint>
constexpr LeanPairs lean_pairs(const WinogradPairs& pairs, std::index_sequence<kPoint...>) {
  static_assert(kLeanPairTiles <= kLanes);
  return {&pairs,
          [](const LeanPairBlock& block) { LeanPairSweep<kNumbers>(block).run(); },
          begin_lean_point,
          spread_sums<kNumbers>,
          {value_scale<kNumbers>(kPoint)...}};
}

template <const auto& kNumbers>
constexpr LeanPairs lean_pairs(const WinogradPairs& pairs) {
  return lean_pairs<kNumbers>(pairs, std::make_index_sequence<kNumbers.kPoints>());
}

}  // namespace
}  // namespace shrike::kernels
