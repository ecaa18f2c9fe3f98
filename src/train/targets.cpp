#include "train/targets.h"

#include <ATen/ATen.h>

namespace shrike::train {

PaddedTargets padded(const Targets& targets, const at::Tensor& like) {
  const at::Tensor counts = at::bincount(targets.pictures, {}, targets.batch);
  const int64_t most = targets.pictures.numel() == 0 ? 0 : counts.max().item<int64_t>();
  const auto options = targets.pictures.options();
  PaddedTargets result{at::zeros({targets.batch, most}, options),
                       at::zeros({targets.batch, most, 4}, like.options()),
                       at::zeros({targets.batch, most}, options.dtype(at::kBool))};
  if (most == 0) return result;
  // In order of the pictures, an object's place is how far it is behind its picture's first.
  const at::Tensor order = std::get<1>(at::sort(targets.pictures, true, 0, false));
  const at::Tensor pictures = targets.pictures.index_select(0, order);
  const at::Tensor first = at::cumsum(counts, 0) - counts;
  const at::Tensor place = at::arange(order.numel(), options) - first.index_select(0, pictures);
  const at::Tensor boxes = targets.boxes.to(like.scalar_type()).index_select(0, order);
  result.classes.index_put_({pictures, place}, targets.classes.index_select(0, order));
  result.boxes.index_put_({pictures, place}, boxes);
  result.present.index_put_({pictures, place}, at::ones_like(place, options.dtype(at::kBool)));
  return result;
}

}  // namespace shrike::train
