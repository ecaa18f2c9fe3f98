// Direct convolution with any tile, of bytes or of words: the output in blocks of pixels, each
// block's inputs copied once into a band with the padding filled in, as the elements that the tile
// multiplies (tile.h). In the band every pixel's window looks the same, and the taps of a kernel
// row are one run where they are not dilated, which is what makes 3 input channels cheap. Where a
// tile takes the map's elements and a window is one pixel of whole steps, the map itself is read.
//
// Any problem; with groups, one product for each. Weights are packed
//   [group][panel of tile.columns outputs][run][step][tile.columns][element]
// and a block meets all panels of its group before the next block is touched.
#pragma once

#include "kernels/qconv/qconv.h"
#include "kernels/qconv/tile.h"

namespace shrike::kernels {

// Maps in bytes: strides count them, sizes count pixels and channels.
struct DirectMaps {
  BasicMapView<const std::byte> input;
  BasicMapView<std::byte> output;
  BasicMapView<const std::byte> residual;
  int64_t output_bytes = 1;  // of an element
  int64_t residual_bytes = 1;
};

template <typename Byte, typename T>
BasicMapView<Byte> map_of_bytes(const BasicMapView<T>& map) {
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  return {reinterpret_cast<Byte*>(map.data),
          map.height,
          map.width,
          map.channels,
          map.pixel_stride * kSize,
          map.row_stride * kSize};
}

struct DirectLayer {
  int in_zero;
  QOutput output;
  RuleKind kind;
  QTile first;  // what is the same in all tiles; weights, constants and scales of the first panel
  int64_t constant_rows = 1;             // of tile.columns a panel
  const int64_t* block_steps = nullptr;  // [group * panel], of words
};

size_t direct_scratch_bytes(const QTileKernel& tile, const ConvProblem& problem, int threads);
void direct_run(const QTileKernel& tile, const ConvProblem& problem, const DirectLayer& layer,
                const DirectMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
