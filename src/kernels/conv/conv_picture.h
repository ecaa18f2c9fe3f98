// Convolutions that read pictures wherever their channels lie (picture.h), so that a tensor of
// (N, C, H, W) need not become a map first. Each goes with a row of conv_kernels(), whose packing
// and scratch it takes, and gives its bits.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/conv/picture.h"

namespace shrike::kernels {

struct ConvPictureKernel {
  const char* row;  // of conv_kernels()
  // pooled: with the pooling of conv_pool.h behind it, where conv_pool_form() has one; output is
  // the smaller map then.
  void (*run)(const ConvProblem&, const PackedConv&, const Picture& input, const MapView& output,
              ThreadPool&, std::span<std::byte> scratch, bool pooled);
};

std::span<const ConvPictureKernel> conv_picture_kernels();

// The form of a row; null where it has none.
const ConvPictureKernel* conv_picture_form(const ConvKernel& row);

}  // namespace shrike::kernels
