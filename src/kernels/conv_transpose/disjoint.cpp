#include "kernels/conv_transpose/disjoint.h"

#include <algorithm>

#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

struct Packing {
  Packing(const TileKernel& tile, const ConvTransposeProblem& p)
      : blocks(divide_up(p.out_channels, tile.columns)),
        panel(p.in_channels * tile.columns),
        bias(blocks * p.taps() * panel),
        total(bias + blocks * tile.columns) {}

  int64_t blocks;
  int64_t panel;  // floats of one tap of one block
  int64_t bias;
  int64_t total;
};

}  // namespace

const char* disjoint_refuse(const ConvTransposeProblem& p) {
  if (p.groups != 1) return "groups";
  if (p.stride_h != p.kernel_h || p.stride_w != p.kernel_w) return "windows overlap or leave gaps";
  if (p.dilation_h != 1 || p.dilation_w != 1) return "dilated";
  if (p.pad_top != 0 || p.pad_left != 0 || p.out_height != p.in_height * p.stride_h ||
      p.out_width != p.in_width * p.stride_w)
    return "padded";
  return nullptr;
}

size_t disjoint_packed_bytes(const TileKernel& tile, const ConvTransposeProblem& p) {
  return static_cast<size_t>(Packing(tile, p).total) * sizeof(float);
}

void disjoint_pack(const TileKernel& tile, const ConvTransposeProblem& p, const float* weights,
                   const float* bias, float* packed) {
  const Packing packing(tile, p);
  if (bias) std::copy_n(bias, p.out_channels, packed + packing.bias);
  for (int64_t o = 0; o < p.out_channels; ++o) {
    float* block = packed + o / tile.columns * p.taps() * packing.panel + o % tile.columns;
    for (int64_t c = 0; c < p.in_channels; ++c)
      for (int64_t tap = 0; tap < p.taps(); ++tap)
        block[tap * packing.panel + c * tile.columns] =
            weights[(c * p.out_channels + o) * p.taps() + tap];
  }
}

void disjoint_run(const TileKernel& tile, const ConvTransposeProblem& p, const PackedConv& packed,
                  const ConstMapView& input, const MapView& output, ThreadPool& pool) {
  const Packing packing(tile, p);
  const float* weights = packed.floats();
  const TileFinishFunction finish = tile.finish(p.activation.kind);
  // The tiles of one unit: one row's pixels, few enough that they stay in the first cache level.
  const int64_t piece = 8 * tile.rows;
  const int64_t pieces = divide_up(p.in_width, piece);
  pool.parallel_for(p.in_height * pieces, [&](int64_t unit, int) {
    alignas(64) float sums[kMaxTileRows * kMaxTileColumns];
    const int64_t y = unit / pieces, begin = unit % pieces * piece;
    const int64_t end = std::min(p.in_width, begin + piece);
    for (int64_t panel = 0; panel < packing.blocks * p.taps(); ++panel) {
      const int64_t tap = panel % p.taps(), column = panel / p.taps() * tile.columns;
      const int64_t count = std::min<int64_t>(tile.columns, p.out_channels - column);
      for (int64_t x = begin; x < end; x += tile.rows) {
        const int rows = static_cast<int>(std::min<int64_t>(tile.rows, end - x));
        const float* pointers[kMaxTileRows];
        float* outputs[kMaxTileRows];
        for (int r = 0; r < rows; ++r) {
          pointers[r] = input.at(y, x + r);
          outputs[r] =
              output.at(y * p.stride_h + tap / p.kernel_w, (x + r) * p.stride_w + tap % p.kernel_w);
        }
        tile.sums[rows]({pointers, 1, p.in_channels, weights + panel * packing.panel,
                         weights + packing.bias + column, sums, count});
        finish({sums, rows, column, count, outputs, nullptr, p.activation, Residual::kNone});
      }
    }
  });
}

}  // namespace shrike::kernels
