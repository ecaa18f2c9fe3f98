#include "train/anchor_points.h"

#include <ATen/ATen.h>

namespace shrike::train {

AnchorPoints anchor_points(std::span<const at::Tensor> maps, const std::vector<int64_t>& strides) {
  std::vector<at::Tensor> centres, widths;
  for (size_t s = 0; s < maps.size(); ++s) {
    const auto options = maps[s].options().requires_grad(false);
    const int64_t height = maps[s].size(2), width = maps[s].size(3);
    const at::Tensor y = at::arange(height, options).view({-1, 1}).expand({height, width}),
                     x = at::arange(width, options).view({1, -1}).expand({height, width});
    const at::Tensor cells = at::stack({x, y}, -1).reshape({-1, 2});
    centres.push_back((cells + 0.5) * strides[s]);
    widths.push_back(at::full({height * width, 1}, strides[s], options));
  }
  return {at::cat(centres), at::cat(widths)};
}

at::Tensor joined(std::span<const at::Tensor> maps) {
  std::vector<at::Tensor> rows;
  for (const at::Tensor& map : maps) rows.push_back(map.flatten(2).transpose(1, 2));
  return at::cat(rows, 1);
}

std::vector<at::Tensor> every(std::span<const at::Tensor> maps, size_t first, size_t step) {
  std::vector<at::Tensor> picked;
  for (size_t i = first; i < maps.size(); i += step) picked.push_back(maps[i]);
  return picked;
}

}  // namespace shrike::train
