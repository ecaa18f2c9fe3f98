// Targets: the objects in the pictures of a batch, as losses want them.
#pragma once

#include <ATen/core/Tensor.h>

namespace shrike::train {

// M objects of N pictures, in any order.
struct Targets {
  int64_t batch = 0;    // N
  at::Tensor pictures;  // (M) i64, 0..N-1
  at::Tensor classes;   // (M) i64
  at::Tensor boxes;     // (M, 4) left, top, right, bottom, in pixels of the network's input

  Targets to(c10::Device device) const {
    return {batch, pictures.to(device), classes.to(device), boxes.to(device)};
  }
};

// The same a picture: G places each, as many as the fullest picture has objects.
struct PaddedTargets {
  at::Tensor classes;  // (N, G) i64, 0 where there is none
  at::Tensor boxes;    // (N, G, 4)
  at::Tensor present;  // (N, G) bool
};

// In each picture the order of the targets. `like`: the boxes' element type.
PaddedTargets padded(const Targets& targets, const at::Tensor& like);

}  // namespace shrike::train
