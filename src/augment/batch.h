// Batch: pictures for one step of training, as plain buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vision/box.h"
#include "vision/letterbox.h"

namespace shrike {

// An object of one picture of a batch. Its box is in pixels of that picture, inside it.
struct Target {
  int picture = 0;  // of the batch
  int class_id = 0;
  Box box;

  bool operator==(const Target&) const = default;
};

// Pixels are bytes: N pictures of three planes, R, G, B, each height x width. A quarter of the
// memory of floats, and what reads them fastest is made of them in one pass (to_input).
struct Batch {
  int64_t epoch = 0, index = 0;  // of the batch in its epoch, both from 0
  bool last = false;             // of the epoch
  int width = 0, height = 0;
  std::vector<uint32_t> samples;  // of the data set: the first one in each picture
  std::vector<uint8_t> pixels;    // of at least pictures() * picture_bytes()
  std::vector<Target> targets;    // by picture
  double waited = 0;              // seconds that next() took: making it was that much too slow

  size_t pictures() const { return samples.size(); }
  size_t picture_bytes() const {
    return 3 * static_cast<size_t>(width) * static_cast<size_t>(height);
  }
  std::span<const uint8_t> picture(size_t index_in_batch) const {
    return std::span(pixels).subspan(index_in_batch * picture_bytes(), picture_bytes());
  }
};

// One picture of a batch as a network reads it: 3 x height x width floats, value / divisor, planes
// in the preprocess's order. Pictures may be done side by side.
void to_input(const Batch& batch, size_t picture, const Preprocess& preprocess, float* out);

}  // namespace shrike
