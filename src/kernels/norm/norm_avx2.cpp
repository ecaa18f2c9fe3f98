#include "kernels/activation/vector_avx2.h"
#include "kernels/norm/forms.h"
#include "kernels/norm/vector_form.h"

namespace shrike::kernels {

void norm_moments_avx2(const NormRows& in, float* sum, float* squares) {
  moments_form(in, sum, squares);
}
void norm_apply_avx2(const Activation& f, const NormRows& in, float* y, int64_t y_stride) {
  apply_form(f, in, y, y_stride);
}
void norm_slopes_avx2(const Activation& f, const NormRows& in, float* sum, float* products) {
  slopes_form(f, in, sum, products);
}
void norm_backward_avx2(const Activation& f, const NormRows& in, const NormFactors& factors,
                        float* dz) {
  backward_form(f, in, factors, dz);
}

}  // namespace shrike::kernels
