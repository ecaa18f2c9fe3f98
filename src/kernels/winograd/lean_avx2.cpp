#include "kernels/activation/vector_avx2.h"
#include "kernels/winograd/lean_form.h"

namespace shrike::kernels {

constinit const LeanWinograd kLeanWinograd4Avx2 = lean_winograd<kToomCook4>(kWinograd4Avx2);
constinit const LeanWinograd kLeanWinograd5Avx2 = lean_winograd<kToomCook5>(kWinograd5Avx2);

}  // namespace shrike::kernels
