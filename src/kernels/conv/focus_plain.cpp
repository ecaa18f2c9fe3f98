#include <algorithm>
#include <cstring>

#include "kernels/tile/vector_plain.h"

namespace shrike::kernels {
namespace {

inline void store(float* target, Vec value) { store_aligned(target, value); }
inline void store_some(float* target, Vec value, int64_t count) {
  std::memcpy(target, &value, static_cast<size_t>(std::min(count, kLanes)) * sizeof(float));
}

}  // namespace
}  // namespace shrike::kernels

#include "kernels/conv/focus_form.h"

namespace shrike::kernels {

namespace {

struct ByReference {
  explicit ByReference(const Activation& a) : activation(a) {}
  Vec operator()(Vec x) const {
    for (int64_t i = 0; i < kLanes; ++i) x[i] = apply_reference(activation, x[i]);
    return x;
  }
  Activation activation;
};

// Element by element.
void blocks_of_planes(const float* const (&planes)[6], int64_t blocks, float* target) {
  for (int64_t x = 0; x < blocks * kFocusBlock; ++x)
    for (const float* plane : planes)
      for (int64_t q = 0; q < 2; ++q) *target++ = plane[2 * x + q];
}

FocusFinishFunction finish_of(ActivationKind) { return focus_finish<ByReference>; }

}  // namespace

constinit const FocusKernel kFocusPlain = {.tiles = FocusSingle<2>::kTiles,
                                           .groups = 6,
                                           .beside = {},
                                           .blocks = {blocks_of_planes, blocks_of_pixels},
                                           .columns = focus_columns,
                                           .points = focus_points,
                                           .multiply = focus_multiply<FocusSingle<2>>,
                                           .finish = finish_of};

}  // namespace shrike::kernels
