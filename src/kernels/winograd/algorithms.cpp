#include "kernels/winograd/algorithms.h"

#include "kernels/winograd/transform.h"

namespace shrike::kernels {

namespace {

// Every point has weights of its own.
constexpr int kOwn[kMaxWinogradIn] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

}  // namespace

const WinogradAlgorithm kWinograd4 = {6, 4, 1, 6, kToomCook4.weights, kOwn};

}  // namespace shrike::kernels
