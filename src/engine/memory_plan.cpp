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
// Orders that are tried; more hardly ever find a smaller arena.
constexpr int kMostTries = 64;

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

// The blocks one by one, each into the smallest gap between what shares a step with it and is
// placed; behind everything where finding a gap would take too long. Counts pairs down from
// `pairs`.
void place(std::span<const Lifetime> lifetimes, std::span<const size_t> order, size_t& pairs,
           MemoryPlan& plan) {
  plan.bytes = 0;
  PlacedBlocks placed(steps_of(lifetimes));
  std::vector<Block> beside;
  for (const size_t i : order) {
    const Lifetime& life = lifetimes[i];
    size_t begin = plan.bytes;
    if (pairs > 0) {
      placed.beside(life, beside);
      pairs -= std::min(pairs, beside.size());
      begin = best_gap(beside, align_up(life.bytes));
    }
    const size_t end = begin + align_up(life.bytes);
    placed.add(life, {begin, end});
    plan.offsets[i] = begin;
    plan.bytes = std::max(plan.bytes, end);
  }
}

// The place in `order` of the first block that ends where the arena does.
std::vector<size_t>::iterator topmost(std::span<const Lifetime> lifetimes, const MemoryPlan& plan,
                                      std::vector<size_t>& order) {
  return std::find_if(order.begin(), order.end(), [&](size_t i) {
    return plan.offsets[i] + align_up(lifetimes[i].bytes) == plan.bytes;
  });
}

}  // namespace

Result<MemoryPlan> plan_memory(std::span<const Lifetime> lifetimes) {
  size_t total = 0;
  for (const Lifetime& life : lifetimes) {
    if (life.bytes > kMaxBytes || total > kMaxBytes)
      return model_error("the activations are too large for any machine");
    total += align_up(life.bytes);
  }
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  MemoryPlan plan;
  plan.offsets.assign(lifetimes.size(), 0);
  plan.lower_bound = largest_live_set(lifetimes);
  size_t pairs = kMostPairs;
  place(lifetimes, order, pairs, plan);
  // Where that leaves gaps: the block that stands out is placed before all others, and so on.
  MemoryPlan next = plan;
  for (int tries = 0; plan.bytes > plan.lower_bound && tries < kMostTries && pairs > 0; ++tries) {
    const auto top = topmost(lifetimes, next, order);
    std::rotate(order.begin(), top, top + 1);
    place(lifetimes, order, pairs, next);
    if (next.bytes < plan.bytes) plan = next;
  }
  return plan;
}

}  // namespace shrike
