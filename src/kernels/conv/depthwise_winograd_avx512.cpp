#include "kernels/activation/vector_avx512.h"
#include "kernels/conv/depthwise_activations.h"
#include "kernels/conv/depthwise_winograd.h"

namespace shrike::kernels {

namespace {

// kRows of output from left to right, two columns at a time. kWhole: of all lanes.
template <int kRows, bool kWhole, typename Act>
class TileRows {
 public:
  explicit TileRows(const DepthwiseTiles& tiles)
      : act_(tiles.activation),
        bias_(load_aligned(tiles.weights)),
        first_(tiles.first),
        inner_(tiles.inner),
        last_(tiles.last),
        first_step_(tiles.first_step),
        step_(tiles.step),
        last_step_(tiles.last_step),
        row_step_(tiles.row_step),
        output_(tiles.output),
        output_step_(tiles.output_step),
        output_row_(tiles.output_row),
        channels_(tiles.channels) {
    for (int i = 0; i < 3; ++i)
      for (int k = 0; k < 4; ++k)
        weights_[i][k] = load_aligned(tiles.weights + (1 + 4 * i + k) * kLanes);
  }

  [[gnu::always_inline]] void run(int64_t width, int64_t pad, int64_t out_width) {
    int64_t x = 0;
    if (pad == 1) {
      tile<false>(edges(-1, width), out_width > 1);
      x = 2;
    }
    for (; x + 2 <= out_width && x - pad + 3 < width; x += 2) tile<true>({}, true);
    for (; x < out_width; x += 2) tile<false>(edges(x - pad, width), out_width - x > 1);
  }

 private:
  // Which columns of a tile lie in the map.
  struct Edges {
    bool exists[4];
  };
  static Edges edges(int64_t column, int64_t width) {
    Edges edges;
    for (int k = 0; k < 4; ++k) edges.exists[k] = column + k >= 0 && column + k < width;
    return edges;
  }

  // The sums over rows of one product of all output rows.
  struct Sums {
    Vec of[4][kRows];
  };

  // Adds the tile's columns of input row i; `at` is its second one.
  template <bool kInside, int i>
  [[gnu::always_inline]] void add_row(const float* at, int64_t step, const Edges& edges,
                                      Sums& sums) const {
    const auto column = [&](int k) __attribute__((always_inline)) {
      if (!kInside && !edges.exists[k]) return splat(0.0f);
      const float* from = at + (k - 1) * step;
      return kWhole ? load(from) : load_some(from, channels_);
    };
    const Vec d1 = column(1), d2 = column(2);
    const Vec values[4] = {d2 - column(0), d1 + d2, d2 - d1, d1 - column(3)};
#pragma GCC unroll 4
    for (int y = 0; y < kRows; ++y) {
      const int tap = i - y;
      if (tap < 0 || tap >= 3) continue;
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k)
        sums.of[k][y] = tap == 0 && k != 1 ? values[k] * weights_[0][k]
                                           : fma(values[k], weights_[tap][k], sums.of[k][y]);
    }
  }

  // `edges` is read unless kInside, and the second column is stored if `both`.
  template <bool kInside>
  [[gnu::always_inline]] void tile(const Edges& edges, bool both) {
    Sums sums;
    // One of the products that both columns add begins with the bias.
#pragma GCC unroll 4
    for (int y = 0; y < kRows; ++y) sums.of[1][y] = bias_;
    add_row<kInside, 0>(first_, first_step_, edges, sums);
    add_row<kInside, 1>(inner_, step_, edges, sums);
    if constexpr (kRows > 1) add_row<kInside, 2>(inner_ + row_step_, step_, edges, sums);
    if constexpr (kRows > 2) {
      add_row<kInside, 3>(inner_ + 2 * row_step_, step_, edges, sums);
      add_row<kInside, 4>(inner_ + 3 * row_step_, step_, edges, sums);
    }
    add_row<kInside, kRows + 1>(last_, last_step_, edges, sums);
#pragma GCC unroll 4
    for (int y = 0; y < kRows; ++y) {
      float* output = output_ + y * output_row_;
      put(output, sums.of[1][y] + sums.of[2][y] + sums.of[0][y]);
      if (kInside || both)
        put(output + output_step_, sums.of[1][y] - sums.of[2][y] - sums.of[3][y]);
    }
    first_ += 2 * first_step_, inner_ += 2 * step_, last_ += 2 * last_step_;
    output_ += 2 * output_step_;
  }

  [[gnu::always_inline]] void put(float* output, Vec sum) const {
    if (kWhole) {
      store(output, act_(sum));
    } else {
      store_some(output, act_(sum), channels_);
    }
  }

  const Act act_;
  const Vec bias_;
  Vec weights_[3][4];
  const float *first_, *inner_, *last_;  // the second column of the next tile
  const int64_t first_step_, step_, last_step_, row_step_;
  float* output_;
  const int64_t output_step_, output_row_, channels_;
};

template <int kRows, bool kWhole, typename Act>
void compute_tiles(const DepthwiseTiles& given) {
  DepthwiseTiles tiles = given;
  if (tiles.pad == 0)
    tiles.first += tiles.first_step, tiles.inner += tiles.step, tiles.last += tiles.last_step;
  TileRows<kRows, kWhole, Act>(tiles).run(tiles.width, tiles.pad, tiles.out_width);
}

template <bool kWhole, typename Act>
DepthwiseTilesFunction tiles_of(int rows) {
  if (rows == 4) return compute_tiles<4, kWhole, Act>;
  return rows == 2 ? compute_tiles<2, kWhole, Act> : compute_tiles<1, kWhole, Act>;
}

DepthwiseTilesFunction tiles_function(ActivationKind kind, int rows, bool whole) {
  return with_depthwise_activation(kind, [&]<typename Act>() {
    return whole ? tiles_of<true, Act>(rows) : tiles_of<false, Act>(rows);
  });
}

}  // namespace

const DepthwiseWinograd kDepthwiseWinogradAvx512 = {kLanes, tiles_function};

}  // namespace shrike::kernels
