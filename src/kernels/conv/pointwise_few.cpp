#include "kernels/conv/pointwise_few.h"

#include <algorithm>

#include "kernels/conv/pointwise_geometry.h"

namespace shrike::kernels {

namespace {

// Divides the lanes of a vector.
int64_t padded_outputs(const ConvProblem& problem) {
  return problem.out_channels == 3 ? 4 : problem.out_channels;
}

int64_t padded_depth(const PointwiseFew& few, const ConvProblem& problem) {
  return divide_up(problem.in_channels, few.lanes) * few.lanes;
}

}  // namespace

const char* pointwise_few_refuse(const PointwiseFew& few, const ConvProblem& problem) {
  if (const char* reason = pointwise_refuse(problem)) return reason;
  if (problem.out_channels > kMostOfFew) return "more than four outputs";
  if (problem.residual != Residual::kNone) return "with a residual";
  if (problem.in_channels < 2 * few.lanes) return "too few channels to add up along them";
  return nullptr;
}

size_t pointwise_few_packed_bytes(const PointwiseFew& few, const ConvProblem& problem) {
  const int64_t floats = padded_outputs(problem) * padded_depth(few, problem) + few.lanes;
  return static_cast<size_t>(floats) * sizeof(float);
}

void pointwise_few_pack(const PointwiseFew& few, const ConvProblem& problem, const float* weights,
                        const float* bias, float* packed) {
  const int64_t outputs = padded_outputs(problem), depth = padded_depth(few, problem);
  for (int64_t o = 0; o < problem.out_channels; ++o)
    std::copy_n(weights + o * problem.in_channels, problem.in_channels, packed + o * depth);
  if (!bias) return;
  for (int64_t lane = 0; lane < few.lanes; ++lane)
    if (lane % outputs < problem.out_channels)
      packed[outputs * depth + lane] = bias[lane % outputs];
}

void pointwise_few_run(const PointwiseFew& few, const ConvProblem& problem,
                       const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool) {
  const PointwiseUnits units(few.lanes, problem, maps, 1, pool.threads());
  const PointwiseFunction function = few.function(problem.out_channels, problem.activation.kind);
  pool.parallel_for(units.count(), [&](int64_t index, int) {
    PointwiseUnits::Unit unit = units.unit(index);
    PointwiseStrip& strip = unit.strip;
    strip.weights = packed.floats();
    strip.bias = packed.floats() + padded_outputs(problem) * padded_depth(few, problem);
    strip.columns = problem.out_channels;
    function(strip);
  });
}

}  // namespace shrike::kernels
