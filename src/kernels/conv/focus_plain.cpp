#include <algorithm>
#include <array>

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

}  // namespace

constinit const FocusKernel kFocusPlain = {
    12,
    interleave_pixels,
    focus_columns,
    focus_points,
    focus_multiply,
    [](ActivationKind) -> FocusFinishFunction { return focus_finish<ByReference>; }};

}  // namespace shrike::kernels
