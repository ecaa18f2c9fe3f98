#include "kernels/activation/vector_avx512.h"

#include "kernels/winograd/lean_form.h"

namespace shrike::kernels {

constinit const LeanWinograd kLeanWinograd4Avx512 = lean_winograd<kToomCook4>(kWinograd4Avx512);
constinit const LeanWinograd kLeanWinograd5Avx512 = lean_winograd<kToomCook5>(kWinograd5Avx512);

}  // namespace shrike::kernels
