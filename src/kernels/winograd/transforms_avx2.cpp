#include "kernels/activation/vector_avx2.h"
#include "kernels/winograd/transforms.h"

namespace shrike::kernels {

constinit const WinogradKernel kWinograd4Avx2 =
    winograd_kernel<StrideOne<kToomCook4>, kTileAvx2>(kWinograd4);
constinit const WinogradKernel kWinograd5Avx2 =
    winograd_kernel<StrideOne<kToomCook5>, kTileAvx2>(kWinograd5);
constinit const WinogradKernel kWinogradStride2Avx2 =
    winograd_kernel<StrideTwo<kPolyphase4>, kTileAvx2>(kWinogradStride2);

}  // namespace shrike::kernels
