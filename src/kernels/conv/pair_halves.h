// pointwise_pairs.h with sums of two halves of the channels (ConvProblem::half): each half is a
// convolution by itself, with means and a scale of its own, and the second adds to the first. What
// is packed lies one behind the other.
#pragma once

#include "kernels/conv/pointwise_pairs.h"

namespace shrike::kernels {

size_t pair_halves_packed_bytes(const PointwisePairs& pairs, const ConvProblem& problem);
void pair_halves_pack(const PointwisePairs& pairs, const ConvProblem& problem, const float* weights,
                      const float* bias, float* packed);
size_t pair_halves_scratch_bytes(const PointwisePairs& pairs, const ConvProblem& problem,
                                 int threads);
void pair_halves_run(const PointwisePairs& pairs, const ConvProblem& problem,
                     const PackedConv& packed, const ConvMaps& maps, ThreadPool& pool,
                     std::span<std::byte> scratch);

// Both for a row of the table, whose problems have halves where kHalves.
template <const PointwisePairs& kPairs, bool kHalves>
struct PairHalves {
  static bool asked(const ConvProblem& problem) { return kHalves && problem.half > 0; }
  static void pack(const ConvProblem& problem, const float* weights, const float* bias,
                   float* packed) {
    const auto pack = asked(problem) ? pair_halves_pack : pointwise_pairs_pack;
    pack(kPairs, problem, weights, bias, packed);
  }
  static size_t packed_bytes(const ConvProblem& problem) {
    return asked(problem) ? pair_halves_packed_bytes(kPairs, problem)
                          : pointwise_pairs_packed_bytes(kPairs, problem);
  }
  static size_t scratch_bytes(const ConvProblem& problem, int threads) {
    return asked(problem) ? pair_halves_scratch_bytes(kPairs, problem, threads)
                          : pointwise_pairs_scratch_bytes(kPairs, problem, threads);
  }
  static void run(const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
                  ThreadPool& pool, std::span<std::byte> scratch) {
    const auto run = asked(problem) ? pair_halves_run : pointwise_pairs_run;
    run(kPairs, problem, packed, maps, pool, scratch);
  }
};

}  // namespace shrike::kernels
