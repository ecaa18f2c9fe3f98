// A map's pixels as rows of adjacent channels. Private to train.
#pragma once

#include <ATen/core/Tensor.h>

namespace shrike::train {

struct PixelRows {
  at::Tensor tensor;  // keeps the memory
  int64_t stride;     // elements from a pixel to the next, over all of N, H and W
};

// The map itself where its pixels are evenly apart, such as in some channels of a wider
// channels-last map; else a copy.
inline PixelRows pixel_rows(const at::Tensor& map) {
  const int64_t height = map.size(2), width = map.size(3), step = map.stride(3);
  const bool regular = (map.stride(1) == 1 || map.size(1) == 1) && step >= map.size(1) &&
                       map.stride(2) == width * step && map.stride(0) == height * width * step;
  if (regular) return {map, step};
  return {map.contiguous(at::MemoryFormat::ChannelsLast), map.size(1)};
}

}  // namespace shrike::train
