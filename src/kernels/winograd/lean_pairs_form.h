// What lean_pairs.h needs on the vectors of one instruction set: included by its file behind
// activation/vector_avx512.h or its like.
#pragma once

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

  [[gnu::always_inline]] void operator()(const float* g, int64_t step, Vec& plus,
                                         Vec& minus) const {
    const Vec even = fma(square, load_aligned(g + 2 * step), load_aligned(g));
    const Vec odd = point * load_aligned(g + step);
    plus = even + odd;
    minus = even - odd;
  }

  Vec point, square;
};

// half[c][t] and half[channels + c][t], t < 3: two rows of G g of each channel c.
inline void make_rows(const LeanPairBlock& block, const PointPair& pair) {
  const float* taps = block.taps;
  float* first = block.half;
  float* second = first + block.channels * 3 * kLanes;
  const PointPair own = pair;  // in registers, whatever is stored
  for (int64_t c = 0; c < block.channels; ++c, taps += 9 * kLanes)
#pragma GCC unroll 3
    for (int64_t t = 0; t < 3; ++t, first += kLanes, second += kLanes) {
      Vec u, v;
      own(taps + t * kLanes, 3 * kLanes, u, v);
      store_aligned(first, u);
      store_aligned(second, v);
    }
}

// A row of G g: three vectors a channel, channels `step` floats apart.
struct HalfRow {
  const float* taps;
  int64_t step, channels;
  bool add;            // to the sums that are there
  const float*& next;  // of the taps behind the block's, which come from beyond the caches
};

// What sums are added to that are the first.
alignas(64) constexpr float kNothing[2 * kLeanPairTiles * kLanes] = {};

// Two points +-p of a row.
template <int kTiles>
void multiply_two(const HalfRow& half, const PointPair& pair, const float* values, float* sums) {
  const float *x = values, *y = values + half.channels * kTiles, *g = half.taps;
  const float* next = half.next;
  const int64_t step = half.step;
  Vec sum[kTiles], other[kTiles];
#pragma GCC unroll 9
  for (int t = 0; t < kTiles; ++t) sum[t] = other[t] = splat(0.0f);
  // Weights that are added to are made beside the products before them that have no additions.
  Vec u[2], v[2];
  pair(g, kLanes, u[0], v[0]);
  pair(g + step, kLanes, u[1], v[1]);
  for (int64_t c = half.channels; c > 0; c -= 3, x += 3 * kTiles, y += 3 * kTiles) {
    __builtin_prefetch(next, 0, 2);
    next += kLanes;
    const auto add_pair = [&](int t) __attribute__((always_inline)) {
      add_product(splat(x[t]) + u[1], splat(x[kTiles + t]) + u[0], sum[t]);
      add_product(splat(y[t]) + v[1], splat(y[kTiles + t]) + v[0], other[t]);
    };
#pragma GCC unroll 9
    for (int t = 0; t < kTiles / 2; ++t) add_pair(t);
    Vec plus, minus;
    pair(g + 2 * step, kLanes, plus, minus);
    asm volatile("" : "+v"(plus), "+v"(minus));
#pragma GCC unroll 9
    for (int t = kTiles / 2; t < kTiles; ++t) add_pair(t);
    g += c > 3 ? 3 * step : 0;  // the last ones are made once more, and not used
    add_product(x + 2 * kTiles, plus, sum[0]);
    add_product(y + 2 * kTiles, minus, other[0]);
    pair(g, kLanes, u[0], v[0]);
    asm volatile("" : "+v"(u[0]), "+v"(v[0]));
#pragma GCC unroll 9
    for (int t = 1; t < kTiles; ++t) {
      if (t == (kTiles + 1) / 2) {
        pair(g + step, kLanes, u[1], v[1]);
        asm volatile("" : "+v"(u[1]), "+v"(v[1]));
      }
      add_product(x + 2 * kTiles + t, plus, sum[t]);
      add_product(y + 2 * kTiles + t, minus, other[t]);
    }
    if (kTiles < 3) pair(g + step, kLanes, u[1], v[1]);
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

inline void multiply_none(const HalfRow&, const PointPair&, const float*, float*) {}
inline void multiply_none(const HalfRow&, const float*, float*) {}

constexpr void (*kMultiplyTwo[])(const HalfRow&, const PointPair&, const float*, float*) = {
    multiply_none,   multiply_two<1>, multiply_two<2>, multiply_two<3>, multiply_two<4>,
    multiply_two<5>, multiply_two<6>, multiply_two<7>, multiply_two<8>, multiply_two<9>,
};
constexpr void (*kMultiplyLast[])(const HalfRow&, const float*, float*) = {
    multiply_none,    multiply_last<1>, multiply_last<2>, multiply_last<3>, multiply_last<4>,
    multiply_last<5>, multiply_last<6>, multiply_last<7>, multiply_last<8>, multiply_last<9>,
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
    const int64_t made = 3 * kLanes;
    for (size_t i = 0; i < kPairs; ++i) {
      make_rows(block_, pair(i));
      row(block_.half, made, uses);
      row(block_.half + block_.channels * made, made, uses);
    }
    row(block_.taps + 6 * kLanes, 9 * kLanes, uses + 2);
  }

 private:
  static_assert(kNumbers.kFirstPair == 0);
  static constexpr size_t kPairs = sizeof(kNumbers.points) / sizeof(double);

  static PointPair pair(size_t i) { return PointPair(kNumbers.points[i]); }

  void row(const float* taps, int64_t step, const LeanPairGroup::Use* uses) {
    const HalfRow half{taps, step, block_.channels, block_.add, next_};
    const int64_t count = uses[0].count, last = uses[1].count;
    for (size_t i = 0; i < kPairs; ++i) {
      kMultiplyTwo[count](half, pair(i), values_, sums_);
      values_ += 2 * block_.channels * count;
      sums_ += 2 * count * kLanes;
    }
    kMultiplyLast[last](half, values_, sums_);
    values_ += block_.channels * last;
    sums_ += last * kLanes;
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
