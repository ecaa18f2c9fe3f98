// A batch norm as the affine map per channel that it is once its statistics are constant. Private
// to passes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"

namespace shrike {

// y = scale * x + shift, one of each a channel; in double, so that what is made of it is rounded
// once.
struct ChannelAffine {
  std::vector<double> scale, shift;
  int64_t channels() const { return static_cast<int64_t>(scale.size()); }
};

// Nothing when the node is no batch norm, or its four parameters are not constants of f32 or f16
// with as many elements each.
std::optional<ChannelAffine> channel_affine(const Graph& graph, const Node& node);

// The elements of an f32 or f16 constant, and a constant of such a type from f32; nothing for other
// types.
std::optional<std::vector<float>> float_values(const Tensor* tensor);
Tensor float_tensor(DType dtype, Shape shape, std::span<const float> values);

}  // namespace shrike
