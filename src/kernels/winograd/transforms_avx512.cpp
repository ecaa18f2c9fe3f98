#include "kernels/activation/vector_avx512.h"
#include "kernels/winograd/transforms.h"

namespace shrike::kernels {

constinit const WinogradKernel kWinograd4Avx512 =
    winograd_kernel<StrideOne<kToomCook4>, kTileAvx512>(kWinograd4);
constinit const WinogradKernel kWinograd5Avx512 =
    winograd_kernel<StrideOne<kToomCook5>, kTileAvx512>(kWinograd5);
constinit const WinogradKernel kWinogradStride2Avx512 =
    winograd_kernel<StrideTwo<kPolyphase4>, kTileAvx512>(kWinogradStride2);

constinit const WinogradKernel kScaledWinograd4Avx512 =
    winograd_kernel<StrideOne<kToomCook4>, kTileAvx512, true>(kWinograd4);
constinit const WinogradKernel kScaledWinograd5Avx512 =
    winograd_kernel<StrideOne<kToomCook5>, kTileAvx512, true>(kWinograd5);
constinit const WinogradKernel kScaledWinogradStride2Avx512 =
    winograd_kernel<StrideTwo<kPolyphase4>, kTileAvx512, true>(kWinogradStride2);

}  // namespace shrike::kernels
