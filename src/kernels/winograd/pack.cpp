#include <algorithm>
#include <span>
#include <vector>

#include "kernels/conv/pointwise_pairs.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/pair_packing.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// What any processor computes at once.
using Doubles = double __attribute__((vector_size(16)));
constexpr int kVectors = kMaxTileColumns / 2;

// The transformed kernels of one input channel and a panel of outputs, output innermost.
class PanelTransform {
 public:
  explicit PanelTransform(const WinogradAlgorithm& algorithm) : algorithm_(algorithm) {}

  // Of the kernel of each output; set before transform().
  void set(int tap, int64_t output, double value) { kernels_[tap][output / 2][output % 2] = value; }
  // Then result(i, j) is row (i, j) of G g G^T.
  void transform();
  const double* result(int i, int j) const {
    return reinterpret_cast<const double*>(result_[i][j]);
  }

 private:
  const WinogradAlgorithm& algorithm_;
  Doubles kernels_[9][kVectors] = {};
  Doubles half_[kMaxWinogradIn][3][kVectors];  // G g
  Doubles result_[kMaxWinogradIn][kMaxWinogradIn][kVectors];
};

void PanelTransform::transform() {
  const double(*g)[3] = algorithm_.weight_rows;
  for (int i = 0; i < algorithm_.weights; ++i)
    for (int t = 0; t < 3; ++t)
      for (int v = 0; v < kVectors; ++v)
        half_[i][t][v] =
            g[i][0] * kernels_[t][v] + g[i][1] * kernels_[3 + t][v] + g[i][2] * kernels_[6 + t][v];
  for (int i = 0; i < algorithm_.weights; ++i)
    for (int j = 0; j < algorithm_.weights; ++j)
      for (int v = 0; v < kVectors; ++v)
        result_[i][j][v] =
            g[j][0] * half_[i][0][v] + g[j][1] * half_[i][1][v] + g[j][2] * half_[i][2][v];
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
      for (int64_t o = 0; o < count; ++o) {
        const float* taps = weights + ((first + o) * channels + c) * 9;
        for (int t = 0; t < 9; ++t) panel.set(t, o, static_cast<double>(taps[t]));
      }
      panel.transform();
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
  for (int64_t first = 0; first < channels; first += block) {
    const int64_t own = std::min(block, channels - first);
    for_each_channel(own, pair_count(own), [&](int64_t channel, int64_t other) {
      place[static_cast<size_t>(first + channel)] = next++;
      partner[static_cast<size_t>(first + channel)] = first + other;
    });
  }
  transform_panels(
      *pairs.kernel, problem, weights, [&](int64_t p, int64_t c, int64_t matrix, PanelRow row) {
        const auto channel = static_cast<size_t>(c);
        float* target = packed + (p * packing.matrices + matrix) * packing.matrix;
        float* products =
            packed + packing.products + (p * packing.matrices + matrix) * packing.columns;
        const int64_t at = place[channel] * lanes, other = partner[channel];
        const auto count = static_cast<int64_t>(row.size());
        for (int64_t first = 0; first < count; first += lanes) {
          float* vector = target + first * channels;
          const int64_t columns = std::min(lanes, count - first);
          for (int64_t j = 0; j < columns; ++j)
            vector[at + j] = static_cast<float>(row[static_cast<size_t>(first + j)] * scale);
          if (other >= c) continue;  // the second of a pair finds the first's weights
          const float* before = vector + place[static_cast<size_t>(other)] * lanes;
          for (int64_t j = 0; j < columns; ++j) products[first + j] += vector[at + j] * before[j];
        }
      });
}

}  // namespace shrike::kernels
