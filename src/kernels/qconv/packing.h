// What every PackedConv of this family begins with: the output rule, and of each output channel the
// scale and a constant.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/tensor.h"
#include "kernels/qconv/output_rule.h"

namespace shrike::kernels {

// Offsets in bytes. `channels` counts what pads, too.
struct QPacking {
  explicit QPacking(int64_t channels, int64_t weight_bytes)
      : scales(align_up(sizeof(OutputRule))),
        constants(scales + align_up(static_cast<size_t>(channels) * sizeof(float))),
        weights(constants + align_up(static_cast<size_t>(channels) * sizeof(int32_t))),
        total(weights + align_up(static_cast<size_t>(weight_bytes))) {}

  const OutputRule& rule(const PackedConv& packed) const {
    return *reinterpret_cast<const OutputRule*>(packed.bytes.get());
  }
  const float* scales_of(const PackedConv& packed) const {
    return reinterpret_cast<const float*>(packed.bytes.get() + scales);
  }
  const int32_t* constants_of(const PackedConv& packed) const {
    return reinterpret_cast<const int32_t*>(packed.bytes.get() + constants);
  }
  const std::byte* weights_of(const PackedConv& packed) const {
    return packed.bytes.get() + weights;
  }

  size_t scales, constants, weights, total;
};

// Writes the bytes of a PackedConv, packing.total of them and 0 at first.
class QPacker {
 public:
  QPacker(const QPacking& packing, const QConvProblem& problem, const QConvWeights& weights,
          std::byte* packed)
      : packing_(packing),
        problem_(problem),
        weights_(weights),
        rule_(make_output_rule(problem)),
        bytes_(packed) {
    *reinterpret_cast<OutputRule*>(bytes_) = rule_;
  }

  // Output o's scale and constant, into place `index`. Sums begin at the constant: the bias, less
  // what inputs that are taken as input - zero count too much.
  void set_channel(int64_t index, int64_t o, int zero) {
    const int64_t count = problem_.group_in() * problem_.taps();
    uint32_t constant = weights_.bias ? static_cast<uint32_t>(weights_.bias[o]) : 0;
    const int excess = problem_.in_zero - zero;
    for (int64_t i = 0; i < count; ++i)
      constant -= static_cast<uint32_t>(excess * weights_.values[o * count + i]);
    reinterpret_cast<float*>(bytes_ + packing_.scales)[index] =
        accumulator_scale(problem_, rule_, weights_.scales[o]);
    reinterpret_cast<int32_t*>(bytes_ + packing_.constants)[index] = static_cast<int32_t>(constant);
  }

  template <typename T>
  T* weights() {
    return reinterpret_cast<T*>(bytes_ + packing_.weights);
  }

 private:
  const QPacking packing_;
  const QConvProblem& problem_;
  const QConvWeights& weights_;
  const OutputRule rule_;
  std::byte* const bytes_;
};

}  // namespace shrike::kernels
