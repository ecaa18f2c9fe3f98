#include <algorithm>
#include <span>
#include <vector>

#include "kernels/conv/pointwise_pairs.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/pair_packing.h"
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

using PanelRow = std::span<const double>;

// Calls visit(panel, channel, matrix, row) with what every channel's kernels of a panel of outputs
// become at every point, channels in order within a panel.
template <typename Visit>
void transform_panels(const WinogradKernel& kernel, const ConvProblem& problem,
                      const float* weights, const Visit& visit) {
  const int64_t columns = kernel.tile->columns, channels = problem.in_channels;
  const int distinct = kernel.algorithm->weights;
  PanelTransform panel(*kernel.algorithm);
  for (int64_t first = 0; first < problem.out_channels; first += columns) {
    const int64_t count = std::min(columns, problem.out_channels - first);
    for (int64_t c = 0; c < channels; ++c) {
      double kernels[9][kMaxTileColumns];
      for (int64_t o = 0; o < count; ++o)
        for (int t = 0; t < 9; ++t) kernels[t][o] = weights[((first + o) * channels + c) * 9 + t];
      panel.transform(kernels, count);
      for (int i = 0; i < distinct; ++i)
        for (int j = 0; j < distinct; ++j)
          visit(first / columns, c, int64_t{i} * distinct + j,
                PanelRow(panel.result(i, j), static_cast<size_t>(count)));
    }
  }
}

}  // namespace

size_t winograd_packed_bytes(const WinogradKernel& kernel, const ConvProblem& problem) {
  return static_cast<size_t>(WinogradPacking(kernel, problem).total) * sizeof(float);
}

void winograd_pack(const WinogradKernel& kernel, const ConvProblem& problem, const float* weights,
                   const float* bias, float* packed) {
  const WinogradPacking packing(kernel, problem);
  const int64_t columns = kernel.tile->columns;
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  transform_panels(
      kernel, problem, weights, [&](int64_t p, int64_t c, int64_t matrix, PanelRow row) {
        float* target = packed + (p * packing.matrices + matrix) * packing.matrix + c * columns;
        std::transform(row.begin(), row.end(), target,
                       [](double value) { return static_cast<float>(value); });
      });
}

void winograd_pairs_pack(const WinogradPairs& pairs, const ConvProblem& problem,
                         const float* weights, const float* bias, float* packed) {
  const PairPacking packing(pairs, problem);
  const int64_t lanes = pairs.lanes, channels = problem.in_channels;
  const double scale = static_cast<double>(pair_weight_scale(weights, problem.weight_count()));
  packed[packing.scale] = static_cast<float>(scale);
  if (bias) std::copy_n(bias, problem.out_channels, packed + packing.bias);
  std::vector<int64_t> place, partner;  // by channel, the partner being itself for single ones
  for (int64_t c = 0; c < channels; ++c) partner.push_back(c);
  place = partner;
  const int64_t block = pair_block(channels);
  int64_t next = 0;
  for (int64_t first = 0; first < channels; first += block)
    for_each_channel(std::min(block, channels - first), [&](int64_t channel, int64_t other) {
      place[static_cast<size_t>(first + channel)] = next++;
      partner[static_cast<size_t>(first + channel)] = first + other;
    });
  transform_panels(
      *pairs.kernel, problem, weights, [&](int64_t p, int64_t c, int64_t matrix, PanelRow row) {
        const auto channel = static_cast<size_t>(c);
        float* target = packed + (p * packing.matrices + matrix) * packing.matrix;
        float* products =
            packed + packing.products + (p * packing.matrices + matrix) * packing.columns;
        for (size_t j = 0; j < row.size(); ++j) {
          const auto column = static_cast<int64_t>(j);
          float* vector = target + column / lanes * channels * lanes + column % lanes;
          const auto value = static_cast<float>(row[j] * scale);
          vector[place[channel] * lanes] = value;
          // The second of a pair finds the first's weight.
          if (partner[channel] < c)
            products[column] +=
                value * vector[place[static_cast<size_t>(partner[channel])] * lanes];
        }
      });
}

}  // namespace shrike::kernels
