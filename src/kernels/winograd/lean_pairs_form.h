// What lean_pairs.h needs on the vectors of one instruction set: included by its file behind
// activation/vector_avx512.h or its like.
#pragma once

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

// A row of G g: three vectors a channel, channels `step` floats apart.
struct HalfRow {
  const float* taps;
  int64_t step, channels;
  bool add;            // to the sums that are there
  const float*& next;  // of the taps behind the block's, which come from beyond the caches
};

// The weights of two points +-p of a row, of channel c.
struct RowWeights {
  const HalfRow& half;
  const PointPair& columns;

  [[gnu::always_inline]] void operator()(int64_t c, Vec& plus, Vec& minus) const {
    columns(half.taps + c * half.step, kLanes, plus, minus);
  }
};

// The same of the first of two rows that are made on the way: half[c][t] and
// half[channels + c][t], t < 3: products run beside what is read and stored for that.
struct MadeWeights {
  const float* taps;
  float *first, *second;
  PointPair rows;
  const PointPair* columns;

  [[gnu::always_inline]] void operator()(int64_t c, Vec& plus, Vec& minus) const {
    Vec row[3];
#pragma GCC unroll 3
    for (int64_t t = 0; t < 3; ++t) {
      Vec other;
      rows(taps + (9 * c + t) * kLanes, 3 * kLanes, row[t], other);
      store_aligned(first + (3 * c + t) * kLanes, row[t]);
      store_aligned(second + (3 * c + t) * kLanes, other);
    }
    (*columns)(row[0], row[1], row[2], plus, minus);
  }
};

// What sums are added to that are the first.
alignas(64) constexpr float kNothing[2 * kLeanPairTiles * kLanes] = {};

// Two points of a row. Weights that are added to are made beside the products before them that
// have no additions, and the compiler is kept from moving them.
template <int kTiles, typename Weights>
[[gnu::always_inline]] inline void multiply_two(const HalfRow& half, const Weights& weights,
                                                const float* values, float* sums) {
  const float *x = values, *y = values + half.channels * kTiles;
  const float* next = half.next;
  Vec sum[kTiles], other[kTiles];
#pragma GCC unroll 9
  for (int t = 0; t < kTiles; ++t) sum[t] = other[t] = splat(0.0f);
  const auto make = [&](int64_t c, Vec & plus, Vec & minus) __attribute__((always_inline)) {
    weights(c, plus, minus);
    asm volatile("" : "+v"(plus), "+v"(minus));
  };
  Vec u[2], v[2];
  make(0, u[0], v[0]);
  make(1, u[1], v[1]);
  int64_t c = 0;
  for (int64_t left = half.channels; left > 0; left -= 3, x += 3 * kTiles, y += 3 * kTiles) {
    __builtin_prefetch(next, 0, 2);
    next += kLanes;
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
    make(c + 2, plus, minus);
#pragma GCC unroll 9
    for (int t = kTiles / 2; t < kTiles; ++t) add_pair(t);
    if (left > 3) c += 3;  // the last ones are made once more, and not used
    constexpr int kMiddle = (kTiles + 1) / 2;
    add_single(0);
    make(c, u[0], v[0]);
#pragma GCC unroll 9
    for (int t = 1; t < kMiddle; ++t) add_single(t);
    make(c + 1, u[1], v[1]);
#pragma GCC unroll 9
    for (int t = kMiddle; t < kTiles; ++t) add_single(t);
  }
  half.next = next;
  const float* before = half.add ? sums : kNothing;
#pragma GCC unroll 9
  for (int t = 0; t < kTiles; ++t) {
    const int64_t one = t * kLanes, two = (kTiles + t) * kLanes;
    store_aligned(sums + one, load_aligned(before + one) + sum[t]);
    store_aligned(sums + two, load_aligned(before + two) + other[t]);
  }
}

// The point of infinity of a row: its weights are the last of the three.
template <int kTiles>
void multiply_last(const HalfRow& half, const float* values, float* sums) {
  const float *x = values, *g = half.taps + 2 * kLanes, *next = half.next;
  Vec sum[kTiles];
#pragma GCC unroll 9
  for (int t = 0; t < kTiles; ++t) sum[t] = splat(0.0f);
  for (int64_t c = half.channels; c > 0; c -= 3, x += 3 * kTiles, g += 3 * half.step) {
    __builtin_prefetch(next, 0, 2);
    next += kLanes;
    const Vec first = load_aligned(g), second = load_aligned(g + half.step);
    const Vec single = load_aligned(g + 2 * half.step);
#pragma GCC unroll 9
    for (int t = 0; t < kTiles; ++t) {
      sum[t] = fma(splat(x[2 * kTiles + t]), single, sum[t]);
      sum[t] = fma(splat(x[t]) + second, splat(x[kTiles + t]) + first, sum[t]);
    }
  }
  half.next = next;
  const float* before = half.add ? sums : kNothing;
#pragma GCC unroll 9
  for (int t = 0; t < kTiles; ++t)
    store_aligned(sums + t * kLanes, load_aligned(before + t * kLanes) + sum[t]);
}

template <int kTiles>
void multiply_row(const HalfRow& half, const PointPair& columns, const float* values, float* sums) {
  multiply_two<kTiles>(half, RowWeights{half, columns}, values, sums);
}
template <int kTiles>
void multiply_made(const HalfRow& half, const MadeWeights& weights, const float* values,
                   float* sums) {
  const MadeWeights own = weights;  // which no store touches
  multiply_two<kTiles>(half, own, values, sums);
}

// By tiles, from one on.
constexpr void (*kMultiplyRow[])(const HalfRow&, const PointPair&, const float*, float*) = {
    multiply_row<1>, multiply_row<2>, multiply_row<3>, multiply_row<4>, multiply_row<5>,
    multiply_row<6>, multiply_row<7>, multiply_row<8>, multiply_row<9>,
};
constexpr void (*kMultiplyMade[])(const HalfRow&, const MadeWeights&, const float*, float*) = {
    multiply_made<1>, multiply_made<2>, multiply_made<3>, multiply_made<4>, multiply_made<5>,
    multiply_made<6>, multiply_made<7>, multiply_made<8>, multiply_made<9>,
};
constexpr void (*kMultiplyLast[])(const HalfRow&, const float*, float*) = {
    multiply_last<1>, multiply_last<2>, multiply_last<3>, multiply_last<4>, multiply_last<5>,
    multiply_last<6>, multiply_last<7>, multiply_last<8>, multiply_last<9>,
};

// A block on its way through its points.
template <const auto& kNumbers>
class LeanPairSweep {
 public:
  explicit LeanPairSweep(const LeanPairBlock& block)
      : block_(block),
        values_(block.values),
        sums_(block.sums),
        next_(block.taps + block.channels * 9 * kLanes) {}

  void run() {
    const LeanPairGroup::Use* uses = block_.group->uses;
    const int64_t step = 3 * kLanes;
    float *first = block_.half, *second = first + block_.channels * step;
    for (size_t i = 0; i < kPairs; ++i) {
      const PointPair columns = pair(0);
      const HalfRow half{first, step, block_.channels, block_.add, next_};
      // A tile that lies in the map needs all points but those of infinity.
      assert(uses[0].count > 0);
      kMultiplyMade[uses[0].count - 1](half, {block_.taps, first, second, pair(i), &columns},
                                       values_, sums_);
      pass(2 * uses[0].count);
      row(first, step, uses, 1);
      row(second, step, uses, 0);
    }
    row(block_.taps + 6 * kLanes, 9 * kLanes, uses + 2, 0);
  }

 private:
  static_assert(kNumbers.kFirstPair == 0);
  static constexpr size_t kPairs = sizeof(kNumbers.points) / sizeof(double);

  static PointPair pair(size_t i) { return PointPair(kNumbers.points[i]); }

  // Behind the values and sums of so many tiles at one point.
  void pass(int64_t tiles) {
    values_ += block_.channels * tiles;
    sums_ += tiles * kLanes;
  }

  // A row's pairs of points from `from` on, and that of infinity.
  void row(const float* taps, int64_t step, const LeanPairGroup::Use* uses, size_t from) {
    const HalfRow half{taps, step, block_.channels, block_.add, next_};
    const int64_t count = uses[0].count, last = uses[1].count;
    if (count > 0)
      for (size_t i = from; i < kPairs; ++i) {
        kMultiplyRow[count - 1](half, pair(i), values_, sums_);
        pass(2 * count);
      }
    if (last == 0) return;
    kMultiplyLast[last - 1](half, values_, sums_);
    pass(last);
  }

  const LeanPairBlock& block_;
  const float* values_;
  float* sums_;
  const float* next_;
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
