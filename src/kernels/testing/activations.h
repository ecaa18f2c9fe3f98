// Each kind of activation with parameters that it may have.
#pragma once

#include "kernels/activation/activation.h"

namespace shrike::kernels::testing {

inline Activation example_of(ActivationKind kind) {
  return {kind, kind == ActivationKind::kSteepLeakyRelu ? 1.3f : 0.3f, 0.9f};
}

}  // namespace shrike::kernels::testing
