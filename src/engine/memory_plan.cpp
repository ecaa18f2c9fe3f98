#include "engine/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "base/tensor.h"
#include "engine/placed_blocks.h"

namespace shrike {

namespace {

constexpr size_t kMaxBytes = size_t{1} << 50;
// Pairs of blocks that are looked at: a graph whose values all live at once has n * n.
constexpr size_t kMostPairs = size_t{1} << 24;

size_t largest_live_set(std::span<const Lifetime> lifetimes) {
  struct Change {
    int step;
    bool begins;
    size_t bytes;
  };
  std::vector<Change> changes;
  for (const Lifetime& life : lifetimes) {
    changes.push_back({life.first, true, align_up(life.bytes)});
    changes.push_back({life.last + 1, false, align_up(life.bytes)});
  }
  // Ends before beginnings of the same step.
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return a.step != b.step ? a.step < b.step : a.begins < b.begins;
  });
  size_t live = 0, most = 0;
  for (const Change& change : changes) {
    live = change.begins ? live + change.bytes : live - change.bytes;
    most = std::max(most, live);
  }
  return most;
}

// The start of the smallest gap of at least `bytes` between blocks, else the end of them all.
size_t best_gap(std::vector<Block>& blocks, size_t bytes) {
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.begin < b.begin; });
  size_t end = 0, best = SIZE_MAX, best_size = SIZE_MAX;
  for (const Block& block : blocks) {
    if (block.begin > end && block.begin - end >= bytes && block.begin - end < best_size) {
      best = end;
      best_size = block.begin - end;
    }
    end = std::max(end, block.end);
  }
  return best == SIZE_MAX ? end : best;
}

int steps_of(std::span<const Lifetime> lifetimes) {
  int last = 0;
  for (const Lifetime& life : lifetimes) last = std::max(last, life.last);
  return last + 1;
}

}  // namespace

Result<MemoryPlan> plan_memory(std::span<const Lifetime> lifetimes) {
  size_t total = 0;
  for (const Lifetime& life : lifetimes) {
    if (life.bytes > kMaxBytes || total > kMaxBytes)
      return model_error("the activations are too large for any machine");
    total += align_up(life.bytes);
  }
  MemoryPlan plan;
  plan.offsets.assign(lifetimes.size(), 0);
  plan.lower_bound = largest_live_set(lifetimes);
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  PlacedBlocks placed(steps_of(lifetimes));
  std::vector<Block> beside;
  size_t pairs = 0;
  for (const size_t i : order) {
    const Lifetime& life = lifetimes[i];
    size_t begin = plan.bytes;  // behind everything, where finding a gap would take too long
    if (pairs < kMostPairs) {
      placed.beside(life, beside);
      pairs += beside.size();
      begin = best_gap(beside, align_up(life.bytes));
    }
    const size_t end = begin + align_up(life.bytes);
    placed.add(life, {begin, end});
    plan.offsets[i] = begin;
    plan.bytes = std::max(plan.bytes, end);
  }
  return plan;
}

}  // namespace shrike
