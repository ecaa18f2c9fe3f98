#include <algorithm>

#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/conv/pointwise_pairs_form.h"
#include "kernels/conv/pointwise_tiles_avx512.h"

namespace shrike::kernels {

namespace {

using RunTiles = void (*)(PointwiseTiles&);

// Keeps the compiler from copying two fields of a strip as one vector: they have just been written
// one by one, and such a load waits until all stores before them have left the processor's queue.
template <typename T>
[[gnu::always_inline]] inline T alone(T value) {
  asm("" : "+r"(value));
  return value;
}

// Where a strip's first tile is, and how it goes on.
[[gnu::always_inline]] inline PointwiseTiles tiles_of(const PointwiseStrip& strip) {
  constexpr int64_t kFloat = sizeof(float);
  return {.count = strip.count / kTilePixels,
          .input = alone(strip.input),
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

// Single products, which are 0 at first.
struct Singles {
  template <TileEnd kEnd>
  static constexpr RunTiles kRun = single_tiles<kEnd>;
  template <int kRows, int kVectors>
  using Sums = PointwiseSums<kRows, kVectors>;

  static PointwiseTiles tiles(const PointwiseStrip& strip) { return tiles_of(strip); }
};

struct Pairs {
  template <TileEnd kEnd>
  static constexpr RunTiles kRun = pair_tiles<kEnd>;
  template <int kRows, int kVectors>
  using Sums = PairSums<kRows, kVectors>;

  static PointwiseTiles tiles(const PointwiseStrip& strip) {
    PointwiseTiles tiles = tiles_of(strip);
    const PairTurns turns(strip.depth, strip.pairs);
    tiles.turns = turns.count;
    tiles.rest = turns.rest;
    tiles.pair_distance = strip.pairs * static_cast<int64_t>(sizeof(float));
    tiles.scale = strip.scale;
    tiles.start = alone(strip.start);
    // Weights, which are near, where there is nothing else to ask for.
    tiles.ahead =
        strip.ahead ? strip.ahead : reinterpret_cast<const std::byte*>(strip.weights);
    tiles.ahead_step = alone(strip.ahead_step);
    return tiles;
  }
};

// What writes sums with what follows them at once, or null where that is more.
template <typename Products, typename Act>
constexpr RunTiles finished_by(Residual order) {
  const bool none = order == Residual::kNone;
  if constexpr (std::is_same_v<Act, VecNone>)
    return none ? Products::template kRun<TileEnd::kNothing>
                : Products::template kRun<TileEnd::kResidual>;
  if constexpr (std::is_same_v<Act, VecLeakyRelu>)
    return none ? Products::template kRun<TileEnd::kLeakyRelu> : nullptr;
  return nullptr;
}

// The first tile of another of the strip's panels. What is asked for goes on.
[[gnu::always_inline]] inline void next_panel(const PointwiseStrip& strip, int64_t panel,
                                              int64_t count, PointwiseTiles& tiles) {
  tiles.count = count;
  tiles.input = alone(strip.input);
  tiles.weights = alone(tiles.weights) + strip.depth * kLanes;
  tiles.bias = alone(tiles.bias) + kLanes;
  tiles.output = alone(strip.output) + panel * kLanes;
  tiles.output_step = strip.output_step * static_cast<int64_t>(sizeof(float));
  tiles.residual = alone(strip.residual) + panel * kLanes;
  tiles.start = alone(strip.start);
}

// What the compiler's functions read, of one panel.
PointwiseStrip one_panel(const PointwiseStrip& strip, int64_t panel) {
  PointwiseStrip one = strip;
  one.weights += panel * strip.depth * kLanes;
  one.bias += panel * kLanes;
  one.output += panel * kLanes;
  if (one.residual) one.residual += panel * kLanes;
  return one;
}

// Of a panel, from pixel p on, some tiles at a time through the first cache level.
template <typename Products, typename Act>
[[gnu::noinline]] void finish_in_memory(const PointwiseStrip& panels, PointwiseTiles& tiles,
                                        int64_t panel, int64_t p) {
  constexpr int64_t kHeld = 4 * kTilePixels;
  const PointwiseStrip strip = one_panel(panels, panel);
  const Act act(strip.activation);
  const auto finish = strip.columns < kLanes           ? finish_sums<1, Act>
                      : strip.order == Residual::kNone ? finish_whole<1, false, Act>
                                                       : finish_whole<1, true, Act>;
  alignas(64) float sums[kHeld * kLanes];
  for (int64_t end; p < strip.count; p = end) {
    end = std::min(strip.count, p + kHeld);
    tiles.count = (end - p) / kTilePixels;
    const int64_t rest = p + tiles.count * kTilePixels;
    tiles.output = sums;
    tiles.output_step = kLanes * static_cast<int64_t>(sizeof(float));
    if (tiles.count > 0) Products::template kRun<TileEnd::kNothing>(tiles);
    if (rest < end)
      kStoreSums<Products::template Sums, kTilePixels - 1, 1>[static_cast<size_t>(end - rest)](
          strip, rest, sums + (rest - p) * kLanes);
    finish(strip, act, sums, p, end);
  }
}

// Whole tiles with what follows them, if that is little; the others pass through memory.
template <typename Products, typename Act>
void halved_strip(const PointwiseStrip& strip) {
  PointwiseTiles tiles = Products::tiles(strip);
  const RunTiles finished = finished_by<Products, Act>(strip.order);
  const int64_t count = tiles.count, panels = strip.panels;
  const bool whole = strip.columns == kLanes;
  for (int64_t panel = 0;;) {
    int64_t p = 0;
    if (finished && whole && count > 0) {
      p = count * kTilePixels;
      finished(tiles);
    }
    if (p < strip.count) finish_in_memory<Products, Act>(strip, tiles, panel, p);
    if (++panel == panels) return;
    next_panel(strip, panel, count, tiles);
  }
}

template <typename Products>
PointwiseFunction halved_strip_function(ActivationKind kind) {
  return with_vector_activation(kind, []<typename Act>() -> PointwiseFunction {
    return halved_strip<Products, Act>;
  });
}

// Half a vector of outputs, of which the AVX2 panel does what is left, and what is more than that.
void narrow_strip(const PointwiseStrip& strip) {
  constexpr int64_t kColumns = kLanes / 2;
  const ActivationKind kind = strip.activation.kind;
  const bool none = strip.order == Residual::kNone;
  RunTiles finished = nullptr;
  if (strip.columns == kColumns && kind == ActivationKind::kNone)
    finished = none ? narrow_tiles<TileEnd::kNothing> : narrow_tiles<TileEnd::kResidual>;
  if (strip.columns == kColumns && kind == ActivationKind::kLeakyRelu && none)
    finished = narrow_tiles<TileEnd::kLeakyRelu>;
  PointwiseTiles tiles = tiles_of(strip);
  const PointwiseFunction others = kPointwiseNarrowAvx2.function(kind);
  if (!finished || tiles.count == 0) return others(strip);
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

constexpr PointwisePanel kNarrow = {kLanes / 2, [](ActivationKind) { return narrow_strip; }};

}  // namespace

const PointwiseKernel kHalvedPointwiseAvx512 = {
    kTilePixels, {kLanes, halved_strip_function<Singles>, {}, true}, &kNarrow};
const PointwisePairs kPointwisePairsAvx512 = {
    {kTilePixels, {kLanes, halved_strip_function<Pairs>, {}, true}, nullptr},
    kPairFunctions,
    [](int64_t depth) { return (depth + 1) / 3; }};

}  // namespace shrike::kernels
