#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/winograd/lean_pairs_form.h"

namespace shrike::kernels {

constinit const LeanWinograd kLeanWinograd4Avx512 = lean_winograd<kToomCook4>(kWinograd4Avx512);
constinit const LeanWinograd kLeanWinograd5Avx512 = lean_winograd<kToomCook5>(kWinograd5Avx512);

constinit const LeanWinograd kLeanPairs4Avx512 =
    lean_winograd_pairs<kToomCook4>(kScaledWinograd4Avx512, kWinogradPairs4Avx512);
constinit const LeanWinograd kLeanPairs5Avx512 =
    lean_winograd_pairs<kToomCook5>(kScaledWinograd5Avx512, kWinogradPairs5Avx512);

}  // namespace shrike::kernels
