#include "kernels/tile/vector_plain.h"
#include "kernels/winograd/transforms.h"

namespace shrike::kernels {

constinit const WinogradKernel kWinograd4Plain =
    winograd_kernel<StrideOne<kToomCook4>, kTilePlain>(kWinograd4);
constinit const WinogradKernel kWinograd5Plain =
    winograd_kernel<StrideOne<kToomCook5>, kTilePlain>(kWinograd5);
constinit const WinogradKernel kWinogradStride2Plain =
    winograd_kernel<StrideTwo<kPolyphase4>, kTilePlain>(kWinogradStride2);

}  // namespace shrike::kernels
