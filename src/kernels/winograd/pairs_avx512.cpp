#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/winograd/pairs_form.h"

namespace shrike::kernels {

constinit const WinogradPairs kWinogradPairs4Avx512 = winograd_pairs(kScaledWinograd4Avx512);
constinit const WinogradPairs kWinogradPairs5Avx512 = winograd_pairs(kScaledWinograd5Avx512);
constinit const WinogradPairs kWinogradPairsStride2Avx512 =
    winograd_pairs(kScaledWinogradStride2Avx512);

}  // namespace shrike::kernels
