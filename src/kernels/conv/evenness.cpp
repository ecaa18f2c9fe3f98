#include "kernels/conv/evenness.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/conv/conv.h"

namespace shrike::kernels {

namespace {

constexpr double kMostOfInputs = 1.5, kMostOfOutputs = 2.5;
constexpr int64_t kSampled = 64;

// The standard deviation of the binary logarithm of the square roots; infinite where one of them
// is no number.
double spread_of(const std::vector<double>& squares) {
  double sum = 0, square = 0, count = 0;
  for (const double value : squares) {
    if (!std::isfinite(value)) return INFINITY;
    if (value == 0) continue;
    const double log = std::log2(value) / 2;
    sum += log;
    square += log * log;
    ++count;
  }
  return count == 0 ? 0 : std::sqrt(std::max(0.0, square / count - sum / count * (sum / count)));
}

// Of a kernel's taps.
double square_of(const float* taps, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(taps[i]) * double{taps[i]};
  return sum;
}

}  // namespace

bool has_uneven_channels(const ConvProblem& p, const float* weights) {
  const int64_t taps = p.taps();
  const int64_t out_step = std::max<int64_t>(1, p.out_channels / kSampled);
  const int64_t in_step = std::max<int64_t>(1, p.in_channels / kSampled);
  std::vector<double> inputs(static_cast<size_t>(p.in_channels));
  std::vector<double> outputs(static_cast<size_t>(p.out_channels));
  for (int64_t o = 0; o < p.out_channels; ++o) {
    const float* row = weights + o * p.in_channels * taps;
    const int64_t step = o % out_step == 0 ? 1 : in_step;
    for (int64_t i = 0; i < p.in_channels; i += step) {
      const double square = square_of(row + i * taps, taps);
      if (step == 1) inputs[static_cast<size_t>(i)] += square;
      if (i % in_step == 0) outputs[static_cast<size_t>(o)] += square;
    }
  }
  return spread_of(inputs) > kMostOfInputs || spread_of(outputs) > kMostOfOutputs;
}

}  // namespace shrike::kernels
