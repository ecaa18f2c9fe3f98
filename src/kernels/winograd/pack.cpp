#include <algorithm>

#include "kernels/winograd/geometry.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// The transformed kernels of one input channel and a panel of outputs, output innermost.
class PanelTransform {
 public:
  explicit PanelTransform(const WinogradAlgorithm& algorithm) : algorithm_(algorithm) {}

  // kernels: [tap][output]. Then result(i, j) is row (i, j) of G g G^T.
  void transform(const double (*kernels)[kMaxTileColumns], int64_t count);
  const double* result(int i, int j) const { return result_[i][j]; }

 private:
  const WinogradAlgorithm& algorithm_;
  double half_[kMaxWinogradIn][3][kMaxTileColumns];  // G g
  double result_[kMaxWinogradIn][kMaxWinogradIn][kMaxTileColumns];
};

void PanelTransform::transform(const double (*kernels)[kMaxTileColumns], int64_t count) {
  const double(*g)[3] = algorithm_.weight_rows;
  for (int i = 0; i < algorithm_.weights; ++i)
    for (int t = 0; t < 3; ++t)
      for (int64_t o = 0; o < count; ++o)
        half_[i][t][o] =
            g[i][0] * kernels[t][o] + g[i][1] * kernels[3 + t][o] + g[i][2] * kernels[6 + t][o];
  for (int i = 0; i < algorithm_.weights; ++i)
    for (int j = 0; j < algorithm_.weights; ++j)
      for (int64_t o = 0; o < count; ++o)
        result_[i][j][o] =
            g[j][0] * half_[i][0][o] + g[j][1] * half_[i][1][o] + g[j][2] * half_[i][2][o];
}

}  // namespace

size_t winograd_packed_bytes(const WinogradKernel& kernel, const ConvProblem& problem) {
  return static_cast<size_t>(WinogradPacking(kernel, problem).total) * sizeof(float);
}

void winograd_pack(const WinogradKernel& kernel, const ConvProblem& problem, const float* weights,
                   const float* bias, float* packed) {
  const WinogradPacking packing(kernel, problem);
  const int64_t columns = kernel.tile->columns, channels = problem.in_channels;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  PanelTransform panel(*kernel.algorithm);
  const int distinct = kernel.algorithm->weights;
  for (int64_t p = 0; p < packing.panels; ++p) {
    const int64_t first = p * columns;
    const int64_t count = std::min(columns, problem.out_channels - first);
    for (int64_t c = 0; c < channels; ++c) {
      double kernels[9][kMaxTileColumns];
      for (int64_t o = 0; o < count; ++o)
        for (int t = 0; t < 9; ++t) kernels[t][o] = weights[((first + o) * channels + c) * 9 + t];
      panel.transform(kernels, count);
      for (int i = 0; i < distinct; ++i)
        for (int j = 0; j < distinct; ++j) {
          float* target = packed + (p * packing.matrices + i * distinct + j) * packing.matrix;
          std::transform(panel.result(i, j), panel.result(i, j) + count, target + c * columns,
                         [](double value) { return static_cast<float>(value); });
        }
    }
  }
}

}  // namespace shrike::kernels
