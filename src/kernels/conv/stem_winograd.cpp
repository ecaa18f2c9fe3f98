#include "kernels/conv/stem_winograd.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "base/tensor.h"
#include "kernels/sizes.h"
#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/pairs.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kBand = 8;  // output rows that are computed together
constexpr int64_t kRows = kBand + 2;
constexpr int64_t kChannels = 3, kPixelWeights = 3 * kChannels;
// Of a row of the picture, each as many numbers as there are tiles and some more.
constexpr int64_t kStemColumns = kStemTile * kChannels, kStemValues = kStemPoints * kChannels;
// As WinogradAlgorithm::growth, of pictures, whose neighbours are alike.
constexpr double kGrowth = 0.25;

// Where things lie in a PackedConv, in floats.
struct StemWinogradPacking {
  StemWinogradPacking(const StemWinograd& stem, const ConvProblem& problem)
      : panels(divide_up(problem.out_channels, stem.columns)),
        panel(kStemPoints * kPixelWeights * stem.columns),
        bias(panels * panel),
        products(bias + panels * stem.columns),
        scale(products + panels * kStemPoints * stem.columns),
        total(scale + 1) {}

  int64_t panels, panel;
  int64_t bias;      // offset: [panel][columns]
  int64_t products;  // offset: [panel][point][columns]
  int64_t scale;     // offset: f
  int64_t total;
};

// One worker's scratch. Sizes in floats.
struct StemWinogradScratch {
  explicit StemWinogradScratch(const ConvProblem& problem, std::byte* base = nullptr)
      : tiles(divide_up(problem.out_width, kStemTile)),
        stride(round_up(tiles, kLanes) + kLanes),
        columns(reinterpret_cast<float*>(base)),
        values(columns + kRows * kStemColumns * stride),
        products(values + kRows * kStemValues * stride),
        start(products + kRows * kStemPoints * stride),
        held(start + kStemPoints * stride),
        held_floats(divide_up(problem.out_channels, kLanes) * kLanes * kStemTile * tiles / 2),
        pixels(held + held_floats),
        pixel_floats(problem.in_width * kChannels) {}

  size_t bytes() const {
    const int64_t floats =
        (kRows * (kStemColumns + kStemValues + kStemPoints) + kStemPoints) * stride;
    return align_up(static_cast<size_t>(floats + held_floats + pixel_floats) * sizeof(float));
  }
  float* row(float* base, int64_t index, int64_t parts) const {
    return base + index * parts * stride;
  }

  int64_t tiles, stride;
  float *columns, *values, *products, *start;
  float* held;  // [panel][pair of pixels][columns], see StemTiles
  int64_t held_floats;
  float* pixels;  // a row of a picture with gaps, without
  int64_t pixel_floats;

 private:
  static constexpr int64_t kLanes = 16;  // of a vector, and columns of a panel, at most
};

// Row y of the picture from the first window's first column on, taken apart; zeros where it has
// none.
void take_apart(const StemWinograd& stem, const ConvProblem& p, const Picture& input, int64_t y,
                const StemWinogradScratch& scratch, float* columns) {
  if (y < 0 || y >= p.in_height) {
    std::fill_n(columns, kStemColumns * scratch.stride, 0.0f);
    return;
  }
  StemColumns row{input.at(y, 0), input.pixel, input.channel, p.in_width,
                  p.pad_left,     columns,     scratch.stride};
  if (row.pixel != 1 && (row.pixel != kChannels || row.channel != 1)) {
    read_pixels(input, y, p.in_width, scratch.pixels);
    row.row = scratch.pixels;
    row.pixel = kChannels;
    row.channel = 1;
  }
  stem.take_apart(row);
}

class StemWinogradRun {
 public:
  StemWinogradRun(const StemWinograd& stem, const ConvProblem& problem, const PackedConv& packed,
                  const Picture& input, const MapView& output, bool pooled)
      : stem_(stem),
        problem_(problem),
        input_(input),
        output_(output),
        packing_(stem, problem),
        packed_(packed.floats()),
        pooled_(pooled),
        function_((pooled ? stem.pooled : stem.function)(problem.activation.kind)) {}

  // Output rows [first, last), a band.
  void compute(int64_t first, int64_t last, const StemWinogradScratch& scratch) const;

 private:
  float read(int64_t first, int64_t rows, const StemWinogradScratch& scratch) const;
  void write(int64_t y, int64_t row, float scale, const StemWinogradScratch& scratch) const;

  const StemWinograd& stem_;
  const ConvProblem& problem_;
  const Picture input_;
  const MapView& output_;
  const StemWinogradPacking packing_;
  const float* packed_;
  const bool pooled_;
  const StemTilesFunction function_;
};

// Rows from row `first` of the picture on, transformed. Returns their scale.
float StemWinogradRun::read(int64_t first, int64_t rows, const StemWinogradScratch& scratch) const {
  const int64_t stride = scratch.stride;
  for (int64_t i = 0; i < rows; ++i)
    take_apart(stem_, problem_, input_, first + i, scratch,
               scratch.row(scratch.columns, i, kStemColumns));
  const double squares = stem_.squares(scratch.columns, rows * kStemColumns * stride);
  const float scale =
      pair_scale(squares / static_cast<double>(rows * problem_.in_width * kChannels), kGrowth);
  for (int64_t i = 0; i < rows; ++i)
    stem_.transform({scratch.row(scratch.columns, i, kStemColumns), stride, scratch.tiles, scale,
                     scratch.row(scratch.values, i, kStemValues),
                     scratch.row(scratch.products, i, kStemPoints)});
  return scale;
}

// Output row y, whose window starts at row `row` of those read.
void StemWinogradRun::write(int64_t y, int64_t row, float scale,
                            const StemWinogradScratch& scratch) const {
  const auto values = [&](int64_t i) { return scratch.row(scratch.values, row + i, kStemValues); };
  const auto products = [&](int64_t i) {
    return scratch.row(scratch.products, row + i, kStemPoints);
  };
  for (int64_t p = 0; p < kStemPoints; ++p) {
    const int64_t at = p * scratch.stride;
    stem_.begin(products(0) + at, products(1) + at, products(2) + at, scratch.tiles,
                scratch.start + at);
  }
  for (int64_t panel = 0; panel < packing_.panels; ++panel) {
    const int64_t column = panel * stem_.columns;
    function_({{values(0), values(1), values(2)},
               scratch.start,
               scratch.stride,
               problem_.out_width,
               packed_ + panel * packing_.panel,
               packed_ + packing_.products + column * kStemPoints,
               packed_ + packing_.bias + column,
               scale,
               output_.at(pooled_ ? y / 2 : y, 0) + column,
               output_.pixel_stride,
               std::min(stem_.columns, problem_.out_channels - column),
               problem_.activation,
               scratch.held + column * scratch.tiles * kStemTile / 2,
               y % 2 == 1});
  }
}

void StemWinogradRun::compute(int64_t first, int64_t last,
                              const StemWinogradScratch& scratch) const {
  const float scale = read(first - problem_.pad_top, last - first + 2, scratch);
  for (int64_t y = first; y < last; ++y)
    write(y, y - first, 1 / (scale * packed_[packing_.scale]), scratch);
}

}  // namespace

const char* stem_winograd_refuse(const StemWinograd& stem, const ConvProblem& p) {
  if (p.kernel_h != 3 || p.kernel_w != 3 || p.in_channels != kChannels || p.groups != 1)
    return "not a 3x3 kernel on three channels";
  if (p.dilation_h != 1 || p.dilation_w != 1) return "dilated";
  if (p.stride_h != 1 || p.stride_w != 1) return "made for another stride";
  if (!stem.function(p.activation.kind)) return "no form with this activation";
  if (p.residual != Residual::kNone) return "with a residual";
  if (p.out_width < stem.pixels) return "rows of too few pixels";
  if (kStemWinogradRounding / std::sqrt(static_cast<double>(kChannels)) > p.max_rounding)
    return "its sums round more than is allowed";
  return nullptr;
}

size_t stem_winograd_packed_bytes(const StemWinograd& stem, const ConvProblem& problem) {
  return static_cast<size_t>(StemWinogradPacking(stem, problem).total) * sizeof(float);
}

void stem_winograd_pack(const StemWinograd& stem, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed) {
  const StemWinogradPacking packing(stem, problem);
  const int64_t columns = stem.columns;
  const float scale = pair_weight_scale(weights, problem.weight_count());
  packed[packing.scale] = scale;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  for (int64_t o = 0; o < problem.out_channels; ++o, weights += 9 * kChannels)
    for (int64_t p = 0; p < kStemPoints; ++p) {
      const double(&g)[3] = kToomCook4.weights[p];
      float* products =
          packed + packing.products + (o / columns * kStemPoints + p) * columns + o % columns;
      for (int64_t row = 0; row < 3; ++row) {
        float made[kChannels];
        for (int64_t c = 0; c < kChannels; ++c) {
          const float* w = weights + c * 9 + row * 3;
          const double sum = g[0] * static_cast<double>(w[0]) + g[1] * static_cast<double>(w[1]) +
                             g[2] * static_cast<double>(w[2]);
          made[c] = static_cast<float>(sum * static_cast<double>(scale));
        }
        float* target = packed + o / columns * packing.panel + (p * 3 + row) * kChannels * columns +
                        o % columns;
        target[0] = made[1];
        target[columns] = made[0];
        target[2 * columns] = made[2];
        *products += made[0] * made[1];
      }
    }
}

size_t stem_winograd_scratch_bytes(const ConvProblem& problem, int threads) {
  return static_cast<size_t>(threads) * StemWinogradScratch(problem).bytes();
}

void stem_winograd_run(const StemWinograd& stem, const ConvProblem& problem,
                       const PackedConv& packed, const Picture& input, const MapView& output,
                       ThreadPool& pool, std::span<std::byte> scratch, bool pooled) {
  assert(scratch.size() >= stem_winograd_scratch_bytes(problem, pool.threads()));
  const StemWinogradRun run(stem, problem, packed, input, output, pooled);
  const size_t each = StemWinogradScratch(problem).bytes();
  pool.parallel_for(divide_up(problem.out_height, kBand), [&](int64_t band, int worker) {
    run.compute(band * kBand, std::min(problem.out_height, (band + 1) * kBand),
                StemWinogradScratch(problem, scratch.data() + static_cast<size_t>(worker) * each));
  });
}

}  // namespace shrike::kernels
