#include "augment/sampler.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "augment/draws.h"

namespace shrike {

std::vector<uint32_t> epoch_order(uint64_t seed, int64_t epoch, int64_t samples) {
  std::vector<uint32_t> order(static_cast<size_t>(samples));
  std::iota(order.begin(), order.end(), 0u);
  for (int64_t i = samples - 1; i > 0; --i) {
    const int64_t other = Draws(seed, epoch, i).below(i + 1, Draw::kOrder);
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(other)]);
  }
  return order;
}

int64_t Sampler::batches() const { return (samples + batch - 1) / batch; }

Sampler::Slice Sampler::slice(int64_t index) const {
  assert(index >= 0 && index < batches() && batch >= shard.ranks);
  const int64_t first = index * batch, count = std::min(batch, samples - first);
  const int64_t begin = count * shard.rank / shard.ranks;
  const int64_t end = count * (shard.rank + 1) / shard.ranks;
  return {first + begin, end - begin};
}

}  // namespace shrike
