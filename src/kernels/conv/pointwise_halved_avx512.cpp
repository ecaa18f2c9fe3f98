#include <cassert>
#include <type_traits>

#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/pointwise_pairs_form.h"
#include "kernels/conv/pointwise_tiles_avx512.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kFloat = sizeof(float);

using RunTiles = void (*)(PointwiseTiles&);

// Keeps the compiler from copying two fields of a strip as one vector: they have just been written
// one by one, and such a load waits until all stores before them have left the processor's queue.
template <typename T>
[[gnu::always_inline]] inline T alone(T value) {
  asm("" : "+r"(value));
  return value;
}

// The tiles from pixel p on.
[[gnu::always_inline]] inline PointwiseTiles tiles_of(const PointwiseStrip& strip, int64_t p) {
  return {.count = (strip.count - p) / kTilePixels,
          .input = alone(strip.input) + p * strip.input_step,
          .input_step = strip.input_step * kFloat,
          .weights = alone(strip.weights),
          .bias = alone(strip.bias),
          .turns = strip.depth,
          .output = alone(strip.output),
          .output_step = strip.output_step * kFloat,
          .residual = alone(strip.residual),
          .residual_step = strip.residual_step * kFloat,
          .alpha = strip.activation.alpha};
}

// Single products. Tiles of fewer pixels, as all that is no whole tile, are the compiler's.
struct Singles {
  struct Tile {
    Vec sums[kTilePixels][1];

    [[gnu::always_inline]] Tile(const PointwiseStrip& strip, int64_t p) {
      PointwiseTiles tile = tiles(strip, p);
      single_tile(tile, sums);
      const Vec bias = load(strip.bias);
#pragma GCC unroll 10
      for (int r = 0; r < kTilePixels; ++r) sums[r][0] = sums[r][0] + bias;
    }
  };
  template <int kRows, int kVectors>
  using Sums = std::conditional_t<kRows == kTilePixels, Tile, PointwiseSums<kRows, kVectors>>;
  template <TileEnd kEnd>
  static constexpr RunTiles kRun = single_tiles<kEnd>;

  [[gnu::always_inline]] static PointwiseTiles tiles(const PointwiseStrip& strip, int64_t p) {
    return tiles_of(strip, p);
  }
};

struct Pairs {
  // As assembly adds: sums of pairs, and of single channels, which are joined in the end.
  template <int kRows>
  struct FewPixels {
    Vec sums[kRows][1];

    FewPixels(const PointwiseStrip& strip, int64_t p) {
      const float *row = strip.input + p * strip.input_step, *weights = strip.weights;
      const int64_t pairs = strip.pairs;
      Vec single[kRows];
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r) {
        sums[r][0] = splat(strip.start[p + r]);
        single[r] = splat(0.0f);
      }
      const auto value = [&](int r, int64_t k) { return splat(row[r * strip.input_step + k]); };
      const auto add_single = [&](int64_t k) {
#pragma GCC unroll 10
        for (int r = 0; r < kRows; ++r)
          single[r] = fma(value(r, k), load_aligned(weights), single[r]);
        weights += kLanes;
      };
      for (int64_t k = 0; k < pairs; ++k) {
#pragma GCC unroll 10
        for (int r = 0; r < kRows; ++r)
          sums[r][0] = fma(value(r, k) + load_aligned(weights),
                           value(r, k + pairs) + load_aligned(weights + kLanes), sums[r][0]);
        weights += 2 * kLanes;
        if (k + 2 * pairs < strip.depth) add_single(k + 2 * pairs);
      }
      for (int64_t k = 3 * pairs; k < strip.depth; ++k) add_single(k);
      const Vec scale = splat(strip.scale), bias = load(strip.bias);
#pragma GCC unroll 10
      for (int r = 0; r < kRows; ++r) sums[r][0] = fma(sums[r][0] + single[r], scale, bias);
    }
  };
  struct Tile {
    Vec sums[kTilePixels][1];

    [[gnu::always_inline]] Tile(const PointwiseStrip& strip, int64_t p) {
      PointwiseTiles tile = tiles(strip, p);
      pair_tile(tile, sums);
      const Vec scale = splat(strip.scale), bias = load(strip.bias);
#pragma GCC unroll 10
      for (int r = 0; r < kTilePixels; ++r) sums[r][0] = fma(sums[r][0], scale, bias);
    }
  };
  template <int kRows, int kVectors>
  using Sums = std::conditional_t<kRows == kTilePixels, Tile, FewPixels<kRows>>;
  template <TileEnd kEnd>
  static constexpr RunTiles kRun = pair_tiles<kEnd>;

  [[gnu::always_inline]] static PointwiseTiles tiles(const PointwiseStrip& strip, int64_t p) {
    PointwiseTiles tiles = tiles_of(strip, p);
    const PairTurns turns(strip.depth, strip.pairs);
    tiles.turns = turns.count;
    tiles.rest = turns.rest;
    assert(tiles.rest <= 1);
    tiles.pair_distance = strip.pairs * kFloat;
    tiles.scale = strip.scale;
    tiles.start = alone(strip.start) + p;
    // Weights, which are near, where there is nothing else to ask for.
    tiles.ahead = (strip.ahead ? strip.ahead : reinterpret_cast<const std::byte*>(strip.weights)) +
                  p / kTilePixels * turns.count * strip.ahead_step;
    tiles.ahead_step = alone(strip.ahead_step);
    return tiles;
  }
};

// What makes whole tiles with all that follows their sums; null where assembly has no end for that.
template <typename Products>
RunTiles finished_by(ActivationKind kind, Residual order) {
  const bool none = order == Residual::kNone;
  if (kind == ActivationKind::kNone)
    return none ? Products::template kRun<TileEnd::kNothing>
                : Products::template kRun<TileEnd::kResidual>;
  if (kind == ActivationKind::kLeakyRelu && none)
    return Products::template kRun<TileEnd::kLeakyRelu>;
  return nullptr;
}

// The first tile of the strip's next panel. What is asked for goes on.
[[gnu::always_inline]] inline void next_panel(const PointwiseStrip& strip, int64_t panel,
                                              int64_t count, PointwiseTiles& tiles) {
  tiles.count = count;
  tiles.input = alone(strip.input);
  tiles.weights = alone(tiles.weights) + strip.depth * kLanes;
  tiles.bias = alone(tiles.bias) + kLanes;
  tiles.output = alone(strip.output) + panel * kLanes;
  if (strip.residual) tiles.residual = alone(strip.residual) + panel * kLanes;
  tiles.start = alone(strip.start);
}

template <typename Products, typename Act>
void halved_strip(const PointwiseStrip& strip) {
  const RunTiles finished = finished_by<Products>(strip.activation.kind, strip.order);
  if (!finished || strip.columns < kLanes) {
    assert(strip.panels == 1);
    return strip_of<Products::template Sums, kTilePixels, 1, Act>(strip);
  }
  PointwiseTiles tiles = Products::tiles(strip, 0);
  const int64_t count = tiles.count, done = count * kTilePixels;
  assert(strip.panels == 1 || done == strip.count);
  for (int64_t panel = 0; panel < strip.panels; ++panel) {
    if (panel > 0) next_panel(strip, panel, count, tiles);
    if (count > 0) finished(tiles);
  }
  if (done < strip.count)
    strip_through_memory<Products::template Sums, kTilePixels, 1>(strip, Act(strip.activation),
                                                                  done);
}

template <typename Products>
PointwiseFunction halved_strip_function(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> PointwiseFunction { return halved_strip<Products, Act>; });
}

template <typename Products>
bool takes_many(ActivationKind kind, Residual order) {
  return finished_by<Products>(kind, order) != nullptr;
}

template <typename Products>
constexpr PointwisePanel kWhole = {
    kLanes, halved_strip_function<Products>, {}, takes_many<Products>};

// Where two channels are left they are one more pair: then additions, the ends' among them, balance
// products.
int64_t balanced_pairs(int64_t depth) { return (depth + 1) / 3; }

constexpr int64_t kHalf = kLanes / 2;
struct Narrow {
  template <TileEnd kEnd>
  static constexpr RunTiles kRun = narrow_tiles<kEnd>;
};

// Half a vector of outputs. Pixels that are left, other ends and fewer than eight columns are the
// AVX2 panel's.
void narrow_strip(const PointwiseStrip& strip) {
  const ActivationKind kind = strip.activation.kind;
  const RunTiles finished = finished_by<Narrow>(kind, strip.order);
  PointwiseTiles tiles = tiles_of(strip, 0);
  const PointwiseFunction others = kPointwiseNarrowAvx2.function(kind);
  if (!finished || tiles.count == 0 || strip.columns < kHalf) return others(strip);
  const int64_t done = tiles.count * kTilePixels;
  finished(tiles);
  if (done == strip.count) return;
  PointwiseStrip rest = strip;
  rest.count -= done;
  rest.input = tiles.input;
  rest.output = tiles.output;
  rest.residual = tiles.residual;
  others(rest);
}

constexpr PointwisePanel kNarrow = {kHalf, [](ActivationKind) { return narrow_strip; }};

}  // namespace

const PointwiseKernel kHalvedPointwiseAvx512 = {kTilePixels, kWhole<Singles>, &kNarrow};
const PointwisePairs kPointwisePairsAvx512 = {.kernel = {kTilePixels, kWhole<Pairs>, nullptr},
                                              .functions = kPairFunctions,
                                              .pairs = balanced_pairs,
                                              .few_inputs = 16,
                                              .few_weights = 768};

}  // namespace shrike::kernels
