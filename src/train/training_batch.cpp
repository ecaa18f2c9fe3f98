#include "train/training_batch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace shrike::train {

at::Tensor pictures_of(const Batch& batch, const Preprocess& preprocess) {
  const auto count = static_cast<int64_t>(batch.pictures());
  at::Tensor pictures = at::empty({count, 3, batch.height, batch.width}, at::kFloat);
  float* out = pictures.data_ptr<float>();
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto picture = static_cast<size_t>(i);
      to_input(batch, picture, preprocess, out + picture * batch.picture_bytes());
    }
  });
  return pictures;
}

Targets targets_of(const Batch& batch) {
  const auto count = static_cast<int64_t>(batch.targets.size());
  Targets targets{static_cast<int64_t>(batch.pictures()), at::empty({count}, at::kLong),
                  at::empty({count}, at::kLong), at::empty({count, 4}, at::kFloat)};
  int64_t* pictures = targets.pictures.data_ptr<int64_t>();
  int64_t* classes = targets.classes.data_ptr<int64_t>();
  float* boxes = targets.boxes.data_ptr<float>();
  for (const Target& target : batch.targets) {
    *pictures++ = target.picture;
    *classes++ = target.class_id;
    for (const float edge : {target.box.x1, target.box.y1, target.box.x2, target.box.y2})
      *boxes++ = edge;
  }
  return targets;
}

}  // namespace shrike::train
