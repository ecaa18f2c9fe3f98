#include "kernels/activation/vector_avx512.h"
#include "kernels/tile/lane_sums_avx512.h"

#include "kernels/winograd/pairs_form.h"

namespace shrike::kernels {

constinit const WinogradPairs kWinogradPairs4Avx512 = winograd_pairs(kScaledWinograd4Avx512);
constinit const WinogradPairs kWinogradPairs5Avx512 = winograd_pairs(kScaledWinograd5Avx512);
constinit const WinogradPairs kWinogradPairsStride2Avx512 =
    winograd_pairs(kScaledWinogradStride2Avx512);

constinit const WinogradPairs kWideWinogradPairs4Avx512 =
    wide_winograd_pairs(kScaledWinograd4Avx512);
constinit const WinogradPairs kWideWinogradPairs5Avx512 =
    wide_winograd_pairs(kScaledWinograd5Avx512);
constinit const WinogradPairs kWideWinogradPairsStride2Avx512 =
    wide_winograd_pairs(kScaledWinogradStride2Avx512);

}  // namespace shrike::kernels
