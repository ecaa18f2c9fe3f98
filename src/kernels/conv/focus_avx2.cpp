#include <array>

#include "kernels/activation/vector_avx2.h"
#include "kernels/conv/focus_form.h"

namespace shrike::kernels {

namespace {

FocusFinishFunction finish_of(ActivationKind kind) {
  return with_vector_activation(
      kind, []<typename Act>() -> FocusFinishFunction { return focus_finish<Act>; });
}

}  // namespace

constinit const FocusKernel kFocusAvx2 = {12,           interleave_pixels, focus_columns,
                                          focus_points, focus_multiply,    finish_of};

}  // namespace shrike::kernels
