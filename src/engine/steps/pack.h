// Weights in a kernel's own order, in memory that the plan has for those of all its steps.
#pragma once

#include "base/tensor.h"
#include "kernels/conv/conv.h"

namespace shrike {

// packed: kernel.packed_bytes(problem), zero; they outlive what is returned. bias: may be empty.
template <typename Kernel, typename Problem>
kernels::PackedConv pack_at(std::byte* packed, const Kernel& kernel, const Problem& problem,
                            const Tensor& weights, const Tensor& bias) {
  kernel.pack_into(problem, weights.data<float>().data(),
                   bias.empty() ? nullptr : bias.data<float>().data(),
                   reinterpret_cast<float*>(packed));
  return {std::shared_ptr<const std::byte>(std::shared_ptr<void>(), packed),
          kernel.packed_bytes(problem)};
}

}  // namespace shrike
