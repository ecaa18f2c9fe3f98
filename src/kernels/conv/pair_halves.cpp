#include "kernels/conv/pair_halves.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "base/tensor.h"
#include "kernels/conv/sum_halves.h"

namespace shrike::kernels {

namespace {

// The two convolutions, of which the second adds to what the first has made.
std::array<ConvProblem, 2> parts_of(const ConvProblem& problem) {
  assert(problem.half > 0 && problem.half < problem.in_channels);
  assert(problem.activation.kind == ActivationKind::kNone && problem.weight_square == 0);
  std::array<ConvProblem, 2> parts = {problem, problem};
  for (ConvProblem& part : parts) part.half = 0;
  parts[0].in_channels = problem.half;
  parts[0].residual = Residual::kNone;
  parts[1].in_channels = problem.in_channels - problem.half;
  parts[1].residual = Residual::kAfterActivation;
  return parts;
}

size_t packed_bytes(const PointwisePairs& pairs, const ConvProblem& part) {
  return align_up(pointwise_pairs_packed_bytes(pairs, part));
}

// Of the sums of both, where a map is added to them, which may be what is written.
size_t sums_bytes(const ConvProblem& problem) {
  if (problem.residual == Residual::kNone) return 0;
  return align_up(
      static_cast<size_t>(problem.out_height * problem.out_width * problem.out_channels) *
      sizeof(float));
}

void add_residual(const MapView& sums, const ConvMaps& maps, ThreadPool& pool) {
  pool.parallel_for(sums.height, [&](int64_t y, int) {
    for (int64_t x = 0; x < sums.width; ++x) {
      const float *sum = sums.at(y, x), *residual = maps.residual.at(y, x);
      float* output = maps.output.at(y, x);
      for (int64_t j = 0; j < sums.channels; ++j) output[j] = sum[j] + residual[j];
    }
  });
}

}  // namespace

size_t pair_halves_packed_bytes(const PointwisePairs& pairs, const ConvProblem& problem) {
  const auto [first, second] = parts_of(problem);
  return packed_bytes(pairs, first) + packed_bytes(pairs, second);
}

void pair_halves_pack(const PointwisePairs& pairs, const ConvProblem& problem, const float* weights,
                      const float* bias, float* packed) {
  int64_t channel = 0;
  for (const ConvProblem& part : parts_of(problem)) {
    const std::vector<float> own = weights_of_channels(problem, weights, channel, part.in_channels);
    pointwise_pairs_pack(pairs, part, own.data(), channel == 0 ? bias : nullptr, packed);
    packed += packed_bytes(pairs, part) / sizeof(float);
    channel += part.in_channels;
  }
}

size_t pair_halves_scratch_bytes(const PointwisePairs& pairs, const ConvProblem& problem,
                                 int threads) {
  size_t most = 0;
  for (const ConvProblem& part : parts_of(problem))
    most = std::max(most, pointwise_pairs_scratch_bytes(pairs, part, threads));
  return sums_bytes(problem) + most;
}

void pair_halves_run(const PointwisePairs& pairs, const ConvProblem& problem,
                     const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                     std::span<std::byte> scratch) {
  const std::array<ConvProblem, 2> parts = parts_of(problem);
  const size_t first = packed_bytes(pairs, parts[0]), second = packed_bytes(pairs, parts[1]);
  const std::span<std::byte> own_scratch = scratch.subspan(sums_bytes(problem));
  ConvMaps own = maps;
  if (problem.residual != Residual::kNone)
    own.output = dense_map(reinterpret_cast<float*>(scratch.data()), problem.out_height,
                           problem.out_width, problem.out_channels);
  own.input.channels = parts[0].in_channels;
  own.next = maps.next.first(maps.next.size() / 2);
  pointwise_pairs_run(pairs, parts[0], {packed.bytes, first}, own, pool, own_scratch);
  own.input.data += problem.half;
  own.input.channels = parts[1].in_channels;
  own.residual = own.output;
  own.next = maps.next.subspan(own.next.size());
  pointwise_pairs_run(pairs, parts[1], {{packed.bytes, packed.bytes.get() + first}, second}, own,
                      pool, own_scratch);
  if (problem.residual != Residual::kNone) add_residual(own.output, maps, pool);
}

}  // namespace shrike::kernels
