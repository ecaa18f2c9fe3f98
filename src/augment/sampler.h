// Sampler: which samples make which batch, in every epoch and on every rank.
//
// An epoch is a permutation of the set, a function of the seed and the epoch. Batch k holds the
// places k B .. k B + B - 1 of it, the last one what is left. With R ranks, rank r makes the places
// floor(n r / R) .. floor(n (r + 1) / R) - 1 of a batch of n, so that R ranks together make the
// batches that one would, and as many. Of a last batch of fewer samples than ranks some make nothing.
#pragma once

#include <cstdint>
#include <vector>

namespace shrike {

struct RankShare {
  int rank = 0, ranks = 1;
};

// The samples 0..samples-1 in the order of an epoch.
std::vector<uint32_t> epoch_order(uint64_t seed, int64_t epoch, int64_t samples);

struct Sampler {
  int64_t samples = 0;
  int64_t batch = 0;  // of all ranks together
  RankShare shard;

  // Places of the order.
  struct Slice {
    int64_t first = 0, count = 0;
  };

  // Of an epoch, whatever the number of ranks.
  int64_t batches() const;
  // What this rank makes of a batch: of a whole one at least one place. Requires
  // 0 <= index < batches() and a batch of at least as many as there are ranks.
  Slice slice(int64_t index) const;
};

}  // namespace shrike
