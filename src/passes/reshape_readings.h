// What the constant shape of a Reshape becomes when the picture's size changes. Private to passes.
//
// A file saved at one size holds 1x400x64 -> 4x100x64 as numbers; which of them follow from the
// picture must be read off. A reading says it for every output axis, and is kept only when it gives
// whole extents at every size it is tried at: a network of strides up to S takes every multiple of
// S, so the sizes should include two whose sides are S times coprime numbers - an extent that
// divides at both divides at all. The readings are:
//   remainder  every extent is the model's but one, which takes what is left (tokens, areas, heads)
//   map        two neighbours are (H/s, W/s), the others are the model's
#pragma once

#include <vector>

#include "base/result.h"
#include "base/shape.h"

namespace shrike {

struct PictureSize {
  int64_t height, width;
};

struct ReshapeAtSizes {
  Shape from, to;  // as saved, at the size `saved`; static, of the same element count
  PictureSize saved;
  std::vector<PictureSize> sizes;
  std::vector<Shape> from_at;  // the input at each of `sizes`: static, of the rank of `from`
};

// The output's shape at each of `sizes`. An error (kModel) says why it does not show: no reading
// fits, or two fit that differ.
Result<std::vector<Shape>> follow_reshape(const ReshapeAtSizes& reshape);

}  // namespace shrike
