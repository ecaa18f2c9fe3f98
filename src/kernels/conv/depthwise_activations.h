// Activations of depthwise layers on the vectors of one instruction set: included by its file
// behind activation/vector_avx2.h or its like.
#pragma once

#include "kernels/activation/activation.h"

namespace shrike::kernels {
namespace {

// find<Act>() for those that follow depthwise layers in the networks that are known: each is as
// much code again.
template <typename Find>
auto with_depthwise_activation(ActivationKind kind, const Find& find)
    -> decltype(find.template operator()<VecNone>()) {
  switch (kind) {
    case ActivationKind::kNone:
      return find.template operator()<VecNone>();
    case ActivationKind::kRelu:
      return find.template operator()<VecRelu>();
    case ActivationKind::kLeakyRelu:
      return find.template operator()<VecLeakyRelu>();
    case ActivationKind::kClip:
      return find.template operator()<VecClip>();
    case ActivationKind::kSilu:
      return find.template operator()<VecSilu>();
    case ActivationKind::kHardSwish:
      return find.template operator()<VecHardSwish>();
    default:
      return nullptr;
  }
}

}  // namespace
}  // namespace shrike::kernels
