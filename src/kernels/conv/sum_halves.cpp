#include "kernels/conv/sum_halves.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "base/tensor.h"
#include "kernels/conv/pointwise_pairs.h"

namespace shrike::kernels {

namespace {

// The two convolutions, of which the second adds to what the first has made.
std::array<ConvProblem, 2> parts_of(const ConvProblem& problem) {
  assert(problem.half > 0 && problem.half < problem.in_channels);
  assert(problem.activation.kind == ActivationKind::kNone);
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

void add_residual(const ConvProblem& problem, const ConvMaps& maps, ThreadPool& pool) {
  pool.parallel_for(problem.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < problem.out_width; ++x) {
      float* output = maps.output.at(y, x);
      const float* residual = maps.residual.at(y, x);
      for (int64_t j = 0; j < problem.out_channels; ++j) output[j] += residual[j];
    }
  });
}

}  // namespace

const char* sum_half_refuse(const ConvProblem& problem) {
  constexpr int64_t kLeastChannels = 256, kStep = 32;
  if (!problem.pixel_by_pixel() || problem.groups != 1) return "it is not made of single pixels";
  if (problem.activation.kind != ActivationKind::kNone) return "it has an activation";
  if (problem.in_channels < kLeastChannels) return "it has few channels";
  if (problem.in_channels % (2 * kStep) != 0) return "half of its channels are no multiple of 32";
  // Of four bytes, or of split products three parts of two, beside outputs of four.
  const int64_t pixels = problem.out_height * problem.out_width;
  return 3 * problem.in_channels >= 8 * pixels ? nullptr
                                               : "its weights are not four times its outputs";
}

int64_t sum_half(const ConvProblem& problem) {
  return sum_half_refuse(problem) ? 0 : problem.in_channels / 2;
}

size_t pair_halves_packed_bytes(const PointwisePairs& pairs, const ConvProblem& problem) {
  const auto [first, second] = parts_of(problem);
  return packed_bytes(pairs, first) + packed_bytes(pairs, second);
}

void pair_halves_pack(const PointwisePairs& pairs, const ConvProblem& problem, const float* weights,
                      const float* bias, float* packed) {
  int64_t channel = 0;
  for (const ConvProblem& part : parts_of(problem)) {
    std::vector<float> own;
    own.reserve(static_cast<size_t>(part.weight_count()));
    for (int64_t o = 0; o < problem.out_channels; ++o) {
      const float* from = weights + o * problem.in_channels + channel;
      own.insert(own.end(), from, from + part.in_channels);
    }
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
  return most;
}

void pair_halves_run(const PointwisePairs& pairs, const ConvProblem& problem,
                     const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                     std::span<std::byte> scratch) {
  const std::array<ConvProblem, 2> parts = parts_of(problem);
  const size_t first = packed_bytes(pairs, parts[0]), second = packed_bytes(pairs, parts[1]);
  const std::byte* const behind = packed.bytes.get() + first;
  ConvMaps own = maps;
  own.input.channels = parts[0].in_channels;
  own.next = maps.next.first(maps.next.size() / 2);
  pointwise_pairs_run(pairs, parts[0], {packed.bytes, first}, own, pool, scratch);
  own.input.data += problem.half;
  own.input.channels = parts[1].in_channels;
  own.residual = maps.output;
  own.next = maps.next.subspan(own.next.size());
  pointwise_pairs_run(pairs, parts[1], {{packed.bytes, behind}, second}, own, pool, scratch);
  if (problem.residual != Residual::kNone) add_residual(problem, maps, pool);
}

}  // namespace shrike::kernels
