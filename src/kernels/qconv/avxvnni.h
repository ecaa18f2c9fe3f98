// The kernels of AVX-VNNI: vectors of AVX2, products of AVX-512 VNNI, for processors that have
// these without AVX-512.
#pragma once

#include "kernels/qconv/depthwise.h"
#include "kernels/qconv/tile.h"
#include "kernels/qconv/winograd.h"
#include "kernels/qconv/word_depthwise.h"

namespace shrike::kernels {

// Why this processor cannot run them; null where it can.
const char* avx_vnni_lacking();

extern const QTileKernel kQTileAvxVnni;  // 6 x 16, fours of bytes
extern const QDepthwiseKernel kQDepthwiseAvxVnni;
extern const QWinogradKernel kQWinogradAvxVnni;
extern const QTileKernel kWordTileAvxVnni, kWordTileOfBytesAvxVnni;
extern const WordDepthwiseKernel kWordDepthwiseAvxVnni;

}  // namespace shrike::kernels
