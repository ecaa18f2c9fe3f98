// How a map is kept for backward: not at all, where it can be computed again. Private to train.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/autograd/function.h>
#include <torch/custom_class.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace shrike::train {

// As LibTorch counts references to a node: std::shared_ptr in 1.13, a pointer of its own in 2.15.
using NodePointer = std::decay_t<decltype(std::declval<const at::Tensor&>().grad_fn())>;

// Channels of what an autograd node gave, which write() computes again from what the node keeps;
// or, where there is no node, a map of its own.
struct MapPart {
  // Into out's channels from `at` on; out is contiguous in channels-last.
  using Write = void (*)(torch::autograd::Node& node, int64_t first, int64_t count,
                         const at::Tensor& out, int64_t at);
  NodePointer node;
  Write write = nullptr;
  int64_t first = 0, count = 0;
};

// The parts of a map, side by side. Lives in autograd contexts, beside the maps that are kept.
struct MapParts : torch::CustomClassHolder {
  std::vector<MapPart> parts;
  std::vector<int64_t> sizes;  // of the map
};

struct KeptMap {
  c10::intrusive_ptr<MapParts> parts;
  std::vector<at::Tensor> kept;  // for parts without a node, in their order
};

// One part that is kept as it is.
KeptMap kept_whole(const at::Tensor& x);

// The map again, contiguous in channels-last. The nodes have not gone back yet: each waits for the
// gradient of whoever asks.
at::Tensor computed_again(const MapParts& parts, at::TensorList kept);

// Copies x into out's channels from `at` on.
void write_channels(const at::Tensor& x, const at::Tensor& out, int64_t at);

}  // namespace shrike::train
