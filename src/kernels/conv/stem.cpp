#include "kernels/conv/stem.h"

#include <algorithm>

#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kBand = 4;  // output rows of a unit of work

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

// Output rows [first, last).
void compute_band(const StemKernel& stem, const ConvProblem& p, const float* packed,
                  const Picture& input, const MapView& output, int64_t first, int64_t last) {
  const StemPacking packing(stem, p);
  const StemFunction function = stem.function(p.stride_w, p.activation.kind);
  StemRow row{};
  row.pixel = input.pixel;
  row.width = p.in_width;
  row.pad = p.pad_left;
  row.count = p.out_width;
  row.output_step = output.pixel_stride;
  row.activation = p.activation;
  const auto point_at_row = [&](int64_t from, const float*(&channels)[3]) {
    const bool exists = from >= 0 && from < p.in_height;
    for (int64_t c = 0; c < kStemChannels; ++c)
      channels[c] = exists ? input.at(from, 0) + c * input.channel : nullptr;
  };
  for (int64_t y = first; y < last; ++y) {
    const int64_t top = y * p.stride_h - p.pad_top;
    for (int64_t i = 0; i < 3; ++i) point_at_row(top + i, row.rows[i]);
    for (int64_t panel = 0; panel < packing.panels; ++panel) {
      for (int64_t i = 0; i < p.stride_h; ++i)
        point_at_row(panel == 0 ? top + 3 + i : -1, row.ahead[i]);
      const int64_t column = panel * stem.columns;
      row.weights = packed + panel * packing.panel;
      row.bias = packed + packing.bias + column;
      row.output = output.at(y, 0) + column;
      row.columns = std::min(stem.columns, p.out_channels - column);
      function(row);
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

void stem_run(const StemKernel& stem, const ConvProblem& problem, const PackedConv& packed,
              const Picture& input, const MapView& output, ThreadPool& pool) {
  pool.parallel_for(divide_up(problem.out_height, kBand), [&](int64_t band, int) {
    compute_band(stem, problem, packed.floats(), input, output, band * kBand,
                 std::min(problem.out_height, (band + 1) * kBand));
  });
}

}  // namespace shrike::kernels
