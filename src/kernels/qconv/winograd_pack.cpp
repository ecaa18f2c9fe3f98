#include "kernels/qconv/winograd_geometry.h"

namespace shrike::kernels {

namespace {

constexpr int kG[kWinogradIn][3] = {{6, 0, 0}, {-1, -1, -1}, {-1, 1, -1},
                                    {1, 2, 4}, {1, -2, 4},   {0, 0, 6}};

// G g G^T of one 3x3 kernel.
void transform_weights(const int8_t* g, int16_t (&result)[kWinogradPoints]) {
  int half[kWinogradIn][3];
  for (int i = 0; i < kWinogradIn; ++i)
    for (int t = 0; t < 3; ++t)
      half[i][t] = kG[i][0] * g[t] + kG[i][1] * g[3 + t] + kG[i][2] * g[6 + t];
  for (int i = 0; i < kWinogradIn; ++i)
    for (int j = 0; j < kWinogradIn; ++j)
      result[i * kWinogradIn + j] = static_cast<int16_t>(
          kG[j][0] * half[i][0] + kG[j][1] * half[i][1] + kG[j][2] * half[i][2]);
}

}  // namespace

void qwinograd_pack(const QWinogradKernel& kernel, const QConvProblem& problem,
                    const QConvWeights& weights, std::byte* packed) {
  const QWinogradPacking packing(kernel, problem);
  QPacker packer(packing.layout, problem, weights, packed);
  const int64_t channels = problem.in_channels, columns = kernel.columns;
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    packer.set_channel(o, o, 128);
    int16_t* panel = packer.weights<int16_t>() + o / columns * kWinogradPoints * packing.matrix / 2;
    for (int64_t c = 0; c < channels; ++c) {
      int16_t transformed[kWinogradPoints];
      transform_weights(weights.values + (o * channels + c) * 9, transformed);
      const int64_t place = (c / 2 * columns + o % columns) * 2 + c % 2;
      for (int point = 0; point < kWinogradPoints; ++point)
        panel[point * packing.matrix / 2 + place] = transformed[point];
    }
  }
}

size_t qwinograd_packed_bytes(const QWinogradKernel& kernel, const QConvProblem& problem) {
  return QWinogradPacking(kernel, problem).layout.total;
}

}  // namespace shrike::kernels
