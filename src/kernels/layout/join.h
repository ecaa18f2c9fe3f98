// Channels of several strided parts behind each other in the pixels of one map, in one pass over
// the map: what a Concat in front of a convolution does with planes, or with parts of a picture
// that was taken apart (the Focus of YOLOv5 and YOLOX).
#pragma once

#include <span>

#include "base/thread_pool.h"
#include "kernels/strided.h"
#include "kernels/view.h"

namespace shrike::kernels {

//   map.at(y, x)[first_p + c] = part p at (c, y, x), first_p being the channels of the parts before
//
// parts: of rank 3 (C, H, W) with the map's height and width and together its channels, any
// strides. Elements are 4 bytes and moved as they are. The map overlaps no part.
void join_channels(std::span<const ConstStridedView> parts, const MapView& map, ThreadPool& pool);

}  // namespace shrike::kernels
