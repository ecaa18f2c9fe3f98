#include "passes/channel_affine.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

namespace shrike {

std::optional<ChannelAffine> channel_affine(const Graph& graph, const Node& node) {
  const auto* norm = std::get_if<BatchNorm>(&node.op);
  if (!norm || node.inputs.size() != 5) return std::nullopt;
  std::vector<float> parameters[4];  // scale, bias, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    const std::optional<std::vector<float>> values =
        float_values(graph.constant(node.inputs[i + 1]));
    if (!values || (i > 0 && values->size() != parameters[0].size())) return std::nullopt;
    parameters[i] = *values;
  }
  ChannelAffine map;
  for (size_t c = 0; c < parameters[0].size(); ++c) {
    const double inverse =
        1.0 / std::sqrt(static_cast<double>(parameters[3][c]) + static_cast<double>(norm->epsilon));
    map.scale.push_back(static_cast<double>(parameters[0][c]) * inverse);
    map.shift.push_back(static_cast<double>(parameters[1][c]) -
                        static_cast<double>(parameters[2][c]) * map.scale.back());
  }
  return map;
}

std::optional<std::vector<float>> float_values(const Tensor* tensor) {
  if (!tensor) return std::nullopt;
  if (tensor->dtype() == DType::kF32) {
    const std::span<const float> data = tensor->data<float>();
    return std::vector<float>(data.begin(), data.end());
  }
  if (tensor->dtype() != DType::kF16) return std::nullopt;
  std::vector<float> values;
  for (uint16_t half : tensor->data<uint16_t>()) values.push_back(half_to_float(half));
  return values;
}

Tensor float_tensor(DType dtype, Shape shape, std::span<const float> values) {
  Tensor tensor(dtype, std::move(shape));
  if (dtype == DType::kF32) {
    std::copy(values.begin(), values.end(), tensor.mutable_data<float>().begin());
  } else {
    std::transform(values.begin(), values.end(), tensor.mutable_data<uint16_t>().begin(),
                   float_to_half);
  }
  return tensor;
}

}  // namespace shrike
