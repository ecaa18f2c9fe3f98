#include "kernels/winograd/algorithms.h"

#include "kernels/winograd/transform.h"

namespace shrike::kernels {

namespace {

// Every point has weights of its own.
constexpr int kOwn[kMaxWinogradIn] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

}  // namespace

const WinogradAlgorithm kWinograd4 = {6,  4, 1, 6, kToomCook4.weights, kOwn, kToomCook4.rounding,
                                      2.6};
const WinogradAlgorithm kWinograd5 = {7,   5, 1, 7, kToomCook5.weights, kOwn, kToomCook5.rounding,
                                      3.75};
const WinogradAlgorithm kWinogradStride2 = {
    9, 4, 2, 6, kPolyphase4.weights, kPolyphase4.weight_of, kPolyphase4.rounding, 0.85};

}  // namespace shrike::kernels
