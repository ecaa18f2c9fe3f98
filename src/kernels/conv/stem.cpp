#include "kernels/conv/stem.h"

#include <algorithm>
#include <cassert>

#include "base/tensor.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kBand = 4;  // output rows whose input stays in the first or second cache level

// Where things lie in a PackedConv, in floats.
struct StemPacking {
  StemPacking(const StemKernel& stem, const ConvProblem& problem)
      : panels(divide_up(problem.out_channels, stem.columns)),
        panel(kStemTaps * stem.columns),
        bias(panels * panel),
        total(bias + panels * stem.columns) {}

  int64_t panels, panel;
  int64_t bias;  // offset: [panel][columns]
  int64_t total;
};

// Floats of a row of the picture with all padding that windows read.
int64_t row_floats(const ConvProblem& p) {
  return ((p.out_width - 1) * p.stride_w + p.kernel_w) * kStemChannels;
}

size_t band_bytes(const ConvProblem& p) {
  const int64_t rows = (kBand - 1) * p.stride_h + p.kernel_h;
  return align_up(static_cast<size_t>(rows * row_floats(p)) * sizeof(float));
}

// Output rows [first, last).
void compute_band(const StemKernel& stem, const ConvProblem& p, const float* packed,
                  const Picture& input, const MapView& output, int64_t first, int64_t last,
                  float* rows) {
  const StemPacking packing(stem, p);
  const int64_t floats = row_floats(p);
  const int64_t count = (last - first - 1) * p.stride_h + p.kernel_h;
  for (int64_t i = 0; i < count; ++i)
    read_row(input, p.in_height, p.in_width, first * p.stride_h - p.pad_top + i, -p.pad_left,
             floats / kStemChannels, rows + i * floats);
  const StemFunction function = stem.function(p.stride_w, p.activation.kind);
  for (int64_t y = first; y < last; ++y) {
    const float* row = rows + (y - first) * p.stride_h * floats;
    for (int64_t panel = 0; panel < packing.panels; ++panel) {
      const int64_t column = panel * stem.columns;
      function({{row, row + floats, row + 2 * floats},
                p.out_width,
                packed + panel * packing.panel,
                packed + packing.bias + column,
                output.at(y, 0) + column,
                output.pixel_stride,
                std::min(stem.columns, p.out_channels - column),
                p.activation});
    }
  }
}

}  // namespace

const char* stem_refuse(const StemKernel& stem, const ConvProblem& p) {
  if (p.kernel_h != 3 || p.kernel_w != 3 || p.in_channels != kStemChannels || p.groups != 1)
    return "not a 3x3 kernel on three channels";
  if (p.dilation_h != 1 || p.dilation_w != 1) return "dilated";
  if (p.stride_h != p.stride_w || !stem.function(p.stride_w, ActivationKind::kNone))
    return "not with stride 1 or 2";
  if (!stem.function(p.stride_w, p.activation.kind)) return "no form with this activation";
  if (p.residual != Residual::kNone) return "with a residual";
  if (p.out_width < stem.pixels) return "rows of too few pixels";
  return nullptr;
}

size_t stem_packed_bytes(const StemKernel& stem, const ConvProblem& problem) {
  return static_cast<size_t>(StemPacking(stem, problem).total) * sizeof(float);
}

void stem_pack(const StemKernel& stem, const ConvProblem& problem, const float* weights,
               const float* bias, float* packed) {
  const StemPacking packing(stem, problem);
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    float* target = packed + o / stem.columns * packing.panel + o % stem.columns;
    for (int64_t c = 0; c < kStemChannels; ++c)
      for (int64_t tap = 0; tap < 9; ++tap)
        target[(tap * kStemChannels + c) * stem.columns] = *weights++;
  }
}

size_t stem_scratch_bytes(const ConvProblem& problem, int threads) {
  return static_cast<size_t>(threads) * band_bytes(problem);
}

void stem_run(const StemKernel& stem, const ConvProblem& problem, const PackedConv& packed,
              const Picture& input, const MapView& output, ThreadPool& pool,
              std::span<std::byte> scratch) {
  assert(scratch.size() >= stem_scratch_bytes(problem, pool.threads()));
  pool.parallel_for(divide_up(problem.out_height, kBand), [&](int64_t band, int worker) {
    std::byte* rows = scratch.data() + static_cast<size_t>(worker) * band_bytes(problem);
    compute_band(stem, problem, packed.floats(), input, output, band * kBand,
                 std::min(problem.out_height, (band + 1) * kBand), reinterpret_cast<float*>(rows));
  });
}

}  // namespace shrike::kernels
