// Split products of few outputs (split.h), pixels one by one.
#pragma once

#include "kernels/conv/split_geometry.h"

namespace shrike::kernels {

// How the work is divided: pixels by outputs, a worker each. Where no row ends (one_row.h) pixels
// are those of the map, else rows are divided.
struct SplitFewUnits {
  SplitFewUnits(const ConvProblem& problem, bool one_row, int threads);

  int64_t count() const { return bands * parts; }

  int64_t bands, parts;
};

// Bytes of one worker's scratch.
size_t split_few_worker_bytes(const SplitKernel& kernel);

void split_few_run(const SplitKernel& kernel, const ConvProblem& problem, const PackedConv& packed,
                   const ConvMaps& maps, ThreadPool& pool, std::span<std::byte> scratch);

}  // namespace shrike::kernels
