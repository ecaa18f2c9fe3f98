#include <limits>

#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/geometry.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

namespace {

// Costs are in multiply-adds at full speed. What is in them was fitted to measurements
// (kernels_bench, docs/decisions/006): transforms cost as much as that many multiply-adds for each
// point and channel, weights are fetched as slowly as that many tiles or pixels are computed.
constexpr double kInputTransform = 10, kOutputTransform = 10;
constexpr double kFetch = 4;

double padded_outputs(const ConvProblem& problem) {
  return static_cast<double>(divide_up(problem.out_channels, 16) * 16);
}

double direct_cost(const ConvProblem& problem) {
  const auto pixels = static_cast<double>(problem.out_height * problem.out_width);
  return (pixels + kFetch) * static_cast<double>(problem.taps() * problem.in_channels) *
         padded_outputs(problem);
}

double winograd_cost(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  const auto tiles = static_cast<double>(divide_up(problem.out_height, algorithm.out) *
                                         divide_up(problem.out_width, algorithm.out));
  const double points = algorithm.in * algorithm.in;
  const auto channels = static_cast<double>(problem.in_channels);
  const double outputs = padded_outputs(problem);
  return points * ((tiles + kFetch) * channels * outputs +
                   tiles * (kInputTransform * channels + kOutputTransform * outputs));
}

// Bytes of the packed weights, without what fills the last panel: the same for every instruction
// set. Any problem whose weights lie in memory can be counted so.
int64_t packed_bytes(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  return problem.in_channels * problem.out_channels * algorithm.weights * algorithm.weights *
         static_cast<int64_t>(sizeof(float));
}

}  // namespace

const char* winograd_cannot(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  if (problem.kernel_h != 3 || problem.kernel_w != 3) return "not a 3x3 kernel";
  if (problem.dilation_h != 1 || problem.dilation_w != 1) return "dilated";
  if (problem.stride_h != algorithm.stride || problem.stride_w != algorithm.stride)
    return "made for another stride";
  if (problem.groups != 1) return "grouped";
  return nullptr;
}

const char* winograd_refuse(const WinogradAlgorithm& algorithm, const ConvProblem& problem) {
  if (const char* reason = winograd_cannot(algorithm, problem)) return reason;
  if (packed_bytes(algorithm, problem) > problem.max_packed_bytes)
    return "the packed weights would be too large";
  const double cost = winograd_cost(algorithm, problem);
  if (cost >= direct_cost(problem)) return "a direct convolution is faster at this size";
  for (const WinogradAlgorithm* other : kWinogradAlgorithms)
    if (other->stride == algorithm.stride && winograd_cost(*other, problem) < cost &&
        packed_bytes(*other, problem) <= problem.max_packed_bytes)
      return "another tile size is faster at this size";
  return nullptr;
}

}  // namespace shrike::kernels
