// Unstructured pruning: weights become zero, in blocks of four neighbouring input channels of one
// filter at one place of its kernel, so that later kernels can leave blocks out. The network keeps
// its form, and takes as long as before in kernels that do not look.
#pragma once

#include <cstdint>

#include "prune/prune.h"

namespace shrike {

inline constexpr int64_t kZeroBlock = 4;  // input channels

// Errors (kUsage): a latency, as zeros alone change none; other importances; a value outside its
// range.
Result<void> check_zero_blocks(const PruneOptions& options);

// Blocks of all ordinary and grouped convolutions whose filters have a multiple of four input
// channels, the least important first: by the sum of magnitudes (kL1) or the length (kL2), divided
// by the layer's mean, or by a number drawn (kRandom). Blocks that are zero already are the first.
// At most options.most of a layer; options.protect as in prune(). The budget counts what is not
// zero: kMacs, kParameters, or kRatio: the share of the blocks.
// Errors (kUsage): those of check_zero_blocks(); no such layer; a budget that cannot be reached,
// with the least that can. In the outcome channels and removed
// are blocks, costs those of weights that are not zero, layers are none.
Result<PruneOutcome> zero_blocks(const Graph& graph, const PruneOptions& options);

}  // namespace shrike
