// A Winograd kernel as a row of the convolution table.
#pragma once

#include "kernels/winograd/algorithms.h"
#include "kernels/winograd/winograd.h"

namespace shrike::kernels {

template <const WinogradKernel& kKernel>
constexpr ConvKernel winograd_row(const char* name, CpuNeed need, double rounding) {
  return {
      name,
      need,
      [](const ConvProblem& problem) { return winograd_refuse(*kKernel.algorithm, problem); },
      rounding,
      [](const ConvProblem& problem, const float* weights, const float* bias) {
        return winograd_pack(kKernel, problem, weights, bias);
      },
      [](const ConvProblem& problem, int threads) {
        return winograd_scratch_bytes(kKernel, problem, threads);
      },
      [](const ConvProblem& problem, const PackedConv& packed, const ConvMaps& maps,
         ThreadPool& pool, std::span<std::byte> scratch) {
        winograd_run(kKernel, problem, packed, maps, pool, scratch);
      },
  };
}

}  // namespace shrike::kernels
