#include "kernels/conv/stem.h"

#include <algorithm>
#include <cassert>

#include "kernels/pool/halves.h"
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

// Rows of one convolution, piece by piece.
class StemRows {
 public:
  StemRows(const StemKernel& stem, const ConvProblem& p, const float* packed, const Picture& input)
      : stem_(stem),
        p_(p),
        packing_(stem, p),
        packed_(packed),
        input_(input),
        function_(stem.function(p.stride_w, p.activation.kind)) {
    row_.pixel = input.pixel;
    row_.width = p.in_width;
    row_.activation = p.activation;
  }

  int64_t panels() const { return packing_.panels; }
  int64_t column(int64_t panel) const { return panel * stem_.columns; }
  int64_t columns(int64_t panel) const {
    return std::min(stem_.columns, p_.out_channels - column(panel));
  }

  // A panel's outputs of pixels [begin, end) of row y, `step` apart.
  void compute(int64_t y, int64_t panel, int64_t begin, int64_t end, float* output, int64_t step) {
    const int64_t top = y * p_.stride_h - p_.pad_top;
    for (int64_t i = 0; i < 3; ++i) point_at(top + i, row_.rows[i]);
    for (int64_t i = 0; i < p_.stride_h; ++i)
      point_at(panel == 0 ? top + 3 + i : -1, row_.ahead[i]);
    row_.pad = p_.pad_left - begin * p_.stride_w;
    row_.count = end - begin;
    row_.weights = packed_ + panel * packing_.panel;
    row_.bias = packed_ + packing_.bias + column(panel);
    row_.output = output;
    row_.output_step = step;
    row_.columns = columns(panel);
    function_(row_);
  }

 private:
  void point_at(int64_t from, const float* (&channels)[3]) const {
    const bool exists = from >= 0 && from < p_.in_height;
    for (int64_t c = 0; c < kStemChannels; ++c)
      channels[c] = exists ? input_.at(from, 0) + c * input_.channel : nullptr;
  }

  const StemKernel& stem_;
  const ConvProblem& p_;
  const StemPacking packing_;
  const float* packed_;
  const Picture& input_;
  const StemFunction function_;
  StemRow row_{};
};

// Output rows [first, last).
void compute_band(StemRows rows, const ConvProblem& p, const MapView& output, int64_t first,
                  int64_t last) {
  for (int64_t y = first; y < last; ++y)
    for (int64_t panel = 0; panel < rows.panels(); ++panel)
      rows.compute(y, panel, 0, p.out_width, output.at(y, 0) + rows.column(panel),
                   output.pixel_stride);
}

#if SHRIKE_KERNELS_AVX2
// Rows [first, last) of the pooled output, in pieces whose two rows stay in the first cache level.
void compute_pooled_band(StemRows rows, const ConvProblem& p, const MapView& output, int64_t first,
                         int64_t last) {
  constexpr int64_t kPiece = 64, kMostColumns = 32;
  constexpr int64_t kRow = 2 * kPiece * kMostColumns;  // of less than two pieces
  alignas(64) float sums[2 * kRow];
  const int64_t width = p.out_width / 2;
  const int64_t pieces = std::max<int64_t>(1, p.out_width / kPiece);
  for (int64_t y = first; y < last; ++y)
    for (int64_t i = 0; i < pieces; ++i) {
      const int64_t begin = width * i / pieces, end = width * (i + 1) / pieces;
      assert(end - begin <= kPiece);
      for (int64_t panel = 0; panel < rows.panels(); ++panel) {
        const int64_t columns = rows.columns(panel);
        assert(columns <= kMostColumns);
        for (int64_t j = 0; j < 2; ++j)
          rows.compute(2 * y + j, panel, 2 * begin, 2 * end, sums + j * kRow, columns);
        halves_pool_row_avx2({sums, kRow, columns, output.at(y, begin) + rows.column(panel),
                              output.pixel_stride, end - begin, columns});
      }
    }
}
#endif

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
              const Picture& input, const MapView& output, ThreadPool& pool, bool pooled) {
  const StemRows rows(stem, problem, packed.floats(), input);
  const int64_t height = pooled ? problem.out_height / 2 : problem.out_height;
  pool.parallel_for(divide_up(height, kBand), [&](int64_t band, int) {
    const int64_t first = band * kBand, last = std::min(height, first + kBand);
#if SHRIKE_KERNELS_AVX2
    if (pooled) return compute_pooled_band(rows, problem, output, first, last);
#endif
    assert(!pooled);
    compute_band(rows, problem, output, first, last);
  });
}

}  // namespace shrike::kernels
