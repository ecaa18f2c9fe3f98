#include "kernels/conv/focus.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kPicture = 3;  // channels of the picture
constexpr int64_t kAllPoints = kFocusPoints * kFocusPoints;
constexpr int64_t kMatrix = kFocusChannels * kFocusColumns;

// Where things lie in a PackedConv, in floats.
struct FocusPacking {
  explicit FocusPacking(const ConvProblem& problem)
      : panels(divide_up(problem.out_channels, kFocusColumns)),
        panel(kAllPoints * kMatrix),
        bias(panels * panel),
        total(bias + panels * kFocusColumns) {}

  int64_t panels, panel;
  int64_t bias;  // offset: [panel][kFocusColumns]
  int64_t total;
};

// Pixels of 12 channels that `tiles` tiles read of a row.
int64_t pixels_of(int64_t tiles) { return tiles * kFocusTile + 2; }

int64_t blocks_of(int64_t tiles) { return divide_up(pixels_of(tiles), kFocusBlock); }

// Tiles of a chunk.
int64_t chunk_of(const FocusKernel& kernel) { return kernel.tiles * kernel.groups; }

// Where things lie in one worker's scratch. In floats, all of them multiples of a vector.
struct FocusScratch {
  FocusScratch(const FocusKernel& kernel, const FocusPacking& packing)
      : stride(blocks_of(chunk_of(kernel)) * kFocusBlock * kFocusChannels + kApart),
        product_stride(chunk_of(kernel) * kFocusTile * kFocusColumns),
        panel_stride(kFocusPoints * product_stride),
        values(kFocusPoints * stride),
        sums(values + kFocusPoints * kernel.tiles * kFocusValues),
        products(sums + kFocusPoints * kernel.tiles * kFocusColumns),
        total(products + packing.panels * panel_stride) {}

  int64_t stride;          // from row to row of pixels, which come first
  int64_t product_stride;  // from row to row of points, see FocusOutputs
  int64_t panel_stride;
  int64_t values, sums;  // offsets
  int64_t products;      // offset: [panel][row of points][pixel of the output][kFocusColumns]
  int64_t total;

 private:
  static constexpr int64_t kApart = 16;  // what is read behind the last channel, at most
};

// One call of focus_run, the same for all workers.
class FocusRun {
 public:
  FocusRun(const FocusKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
           const Picture& input, const MapView& output)
      : kernel_(kernel),
        problem_(problem),
        input_{input, problem.in_height, problem.in_width},
        output_(output),
        packing_(problem),
        scratch_(kernel, packing_),
        packed_(packed.floats()),
        finish_(kernel.finish(problem.activation.kind)) {}

  // A row of tiles of outputs, from row y on. scratch: of scratch_bytes().
  void compute(int64_t y, float* scratch) const;
  size_t scratch_bytes() const { return static_cast<size_t>(scratch_.total) * sizeof(float); }

 private:
  // `count` tiles, from column x on.
  void compute(int64_t y, int64_t x, int64_t count, float* scratch) const;
  void multiply(const float* rows, int64_t count, float* scratch) const;

  const FocusKernel& kernel_;
  const ConvProblem& problem_;
  const FocusPicture input_;
  const MapView& output_;
  const FocusPacking packing_;
  const FocusScratch scratch_;
  const float* packed_;
  const FocusFinishFunction finish_;
};

// From rows of which columns are points to products, a row of points and a group of tiles at a
// time.
void FocusRun::multiply(const float* rows, int64_t count, float* scratch) const {
  const int64_t groups = divide_up(count, kernel_.tiles);
  for (int64_t i = 0; i < kFocusPoints; ++i)
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t t = count * group / groups, tiles = count * (group + 1) / groups - t;
      float* values = scratch + scratch_.values;
      kernel_.points(rows + i * scratch_.stride + t * kFocusTile * kFocusChannels, tiles, values);
      const float* weights = packed_ + i * kFocusPoints * kMatrix;
      float* products = scratch + scratch_.products + i * scratch_.product_stride +
                        t * kFocusTile * kFocusColumns;
      for (int64_t panel = 0; panel < packing_.panels; ++panel)
        kernel_.multiply({values, tiles, weights + panel * packing_.panel, scratch + scratch_.sums,
                          products + panel * scratch_.panel_stride});
    }
}

void FocusRun::compute(int64_t y, int64_t x, int64_t count, float* scratch) const {
  for (int64_t r = 0; r < kFocusPoints; ++r)
    read_focus_row(kernel_.blocks, input_, 2 * (y + r) - problem_.pad_top,
                   2 * x - problem_.pad_left, blocks_of(count), scratch + r * scratch_.stride);
  kernel_.columns(scratch, scratch_.stride, pixels_of(count) * kFocusChannels);
  multiply(scratch, count, scratch);
  for (int64_t panel = 0; panel < packing_.panels; ++panel) {
    const int64_t column = panel * kFocusColumns;
    finish_({scratch + scratch_.products + panel * scratch_.panel_stride, scratch_.product_stride,
             packed_ + packing_.bias + column, output_.at(y, x) + column, output_.row_stride,
             output_.pixel_stride, std::min(kFocusTile, problem_.out_height - y),
             std::min(count * kFocusTile, problem_.out_width - x),
             std::min(kFocusColumns, problem_.out_channels - column), problem_.activation});
  }
}

void FocusRun::compute(int64_t y, float* scratch) const {
  const int64_t tiles = divide_up(problem_.out_width, kFocusTile);
  const int64_t chunks = divide_up(tiles, chunk_of(kernel_));
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const int64_t first = tiles * chunk / chunks, last = tiles * (chunk + 1) / chunks;
    compute(y, first * kFocusTile, last - first, scratch);
  }
}

}  // namespace

const char* focus_refuse(const ConvProblem& p) {
  if (p.kernel_h != 6 || p.kernel_w != 6 || p.in_channels != kPicture || p.groups != 1)
    return "not a 6x6 kernel on three channels";
  if (p.dilation_h != 1 || p.dilation_w != 1) return "dilated";
  if (p.stride_h != 2 || p.stride_w != 2) return "made for another stride";
  if (p.residual != Residual::kNone) return "with a residual";
  if (kFocusRounding / std::sqrt(static_cast<double>(kPicture)) > p.max_rounding)
    return "its sums round more than is allowed";
  if (focus_packed_bytes(p) > static_cast<uint64_t>(std::max<int64_t>(0, p.max_packed_bytes)))
    return "the packed weights would be too large";
  return nullptr;
}

double focus_cost(const ConvProblem& p) {
  // As winograd/choice.cpp has it of 3x3 layers.
  constexpr double kTransform = 10;
  const auto tiles =
      static_cast<double>(divide_up(p.out_height, kFocusTile) * divide_up(p.out_width, kFocusTile));
  const auto columns = static_cast<double>(FocusPacking(p).panels * kFocusColumns);
  return tiles * static_cast<double>(kAllPoints) *
         (static_cast<double>(kFocusChannels) * columns +
          kTransform * (static_cast<double>(kFocusValues) + columns));
}

size_t focus_packed_bytes(const ConvProblem& problem) {
  return static_cast<size_t>(FocusPacking(problem).total) * sizeof(float);
}

void focus_pack(const FocusKernel& kernel, const ConvProblem& problem, const float* weights,
                const float* bias, float* packed) {
  const FocusPacking packing(problem);
  const double(&g)[kFocusPoints][3] = kToomCook4.weights;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  for (int64_t o = 0; o < problem.out_channels; ++o)
    for (int64_t c = 0; c < kPicture; ++c, weights += 36)
      for (int64_t phase = 0; phase < 4; ++phase) {
        const float* taps = weights + phase / 2 * 6 + phase % 2;  // every second of a row, a column
        const int64_t channel = phase / 2 * 6 + 2 * c + phase % 2;
        float* target = packed + o / kFocusColumns * packing.panel +
                        kernel.beside.place(channel, o % kFocusColumns, kFocusColumns);
        for (int64_t i = 0; i < kFocusPoints; ++i) {
          double half[3];  // row i of G g
          for (int64_t t = 0; t < 3; ++t)
            half[t] = g[i][0] * static_cast<double>(taps[2 * t]) +
                      g[i][1] * static_cast<double>(taps[12 + 2 * t]) +
                      g[i][2] * static_cast<double>(taps[24 + 2 * t]);
          for (int64_t j = 0; j < kFocusPoints; ++j)
            target[(i * kFocusPoints + j) * kMatrix] =
                static_cast<float>(g[j][0] * half[0] + g[j][1] * half[1] + g[j][2] * half[2]);
        }
      }
}

size_t focus_scratch_bytes(const FocusKernel& kernel, const ConvProblem& problem, int threads) {
  const FocusScratch scratch(kernel, FocusPacking(problem));
  return static_cast<size_t>(threads * scratch.total) * sizeof(float);
}

void focus_run(const FocusKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
               const Picture& input, const MapView& output, ThreadPool& pool,
               std::span<std::byte> scratch) {
  assert(scratch.size() >= focus_scratch_bytes(kernel, problem, pool.threads()));
  const FocusRun run(kernel, problem, packed, input, output);
  pool.parallel_for(divide_up(problem.out_height, kFocusTile), [&](int64_t row, int worker) {
    std::byte* mine = scratch.data() + static_cast<size_t>(worker) * run.scratch_bytes();
    run.compute(row * kFocusTile, reinterpret_cast<float*>(mine));
  });
}

}  // namespace shrike::kernels
