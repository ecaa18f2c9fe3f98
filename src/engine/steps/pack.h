// Weights in a kernel's own order, in memory that the plan has for those of all its steps.
#pragma once

#include "base/tensor.h"
#include "kernels/conv/conv.h"

namespace shrike {

// `bytes` of that memory as what kernels read.
inline kernels::PackedConv packed_at(const std::byte* packed, size_t bytes) {
  return {std::shared_ptr<const std::byte>(std::shared_ptr<void>(), packed), bytes};
}

// packed: kernel.packed_bytes(problem), zero; they outlive what is returned. bias: may be empty.
template <typename Kernel, typename Problem>
kernels::PackedConv pack_at(std::byte* packed, const Kernel& kernel, const Problem& problem,
                            const Tensor& weights, const Tensor& bias) {
  kernel.pack_into(problem, weights.data<float>().data(),
                   bias.empty() ? nullptr : bias.data<float>().data(),
                   reinterpret_cast<float*>(packed));
  return packed_at(packed, kernel.packed_bytes(problem));
}

}  // namespace shrike
