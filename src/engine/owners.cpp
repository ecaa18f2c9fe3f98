#include "engine/owners.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>
#include <vector>

#include "base/tensor.h"
#include "engine/placed_blocks.h"

namespace shrike {

namespace {

// What a graph of many thousand values may take of the time before its first run: blocks that
// are looked at, else nothing is moved; comparisons of blocks, and places that are tried.
constexpr size_t kMostBlocks = size_t{1} << 12, kMostTrials = size_t{1} << 17;

// Of a block. More threads write more parts each: which of these are neighbours' is much the same.
constexpr int kMostParts = 8;

// Bytes that places are multiples of, where the plan's are.
constexpr size_t kGrain = 2 * kTensorAlignment;

// By byte, who wrote it last.
class Owners {
 public:
  void write(const Block& block, int threads) {
    for (int thread = 0; thread < threads; ++thread)
      take(part_begin(block, thread, threads), part_begin(block, thread + 1, threads), thread);
  }

  // Bytes of a block that other threads have written than will write them.
  size_t of_others(const Block& block, int threads) const {
    size_t others = 0;
    for (auto it = std::prev(owner_from_.upper_bound(block.begin));
         it != owner_from_.end() && it->first < block.end; ++it) {
      if (it->second == kNobody) continue;
      const auto next = std::next(it);
      const size_t begin = std::max(it->first, block.begin);
      const size_t end = next == owner_from_.end() ? block.end : std::min(next->first, block.end);
      const size_t own_begin = std::max(begin, part_begin(block, it->second, threads));
      const size_t own_end = std::min(end, part_begin(block, it->second + 1, threads));
      others += end - begin - (own_end > own_begin ? own_end - own_begin : 0);
    }
    return others;
  }

 private:
  static constexpr int kNobody = -1;

  static size_t part_begin(const Block& block, int thread, int threads) {
    const size_t bytes = block.end - block.begin;
    return block.begin + bytes * static_cast<size_t>(thread) / static_cast<size_t>(threads);
  }

  void take(size_t begin, size_t end, int owner) {
    if (begin == end) return;
    const int behind = std::prev(owner_from_.upper_bound(end))->second;
    owner_from_.erase(owner_from_.lower_bound(begin), owner_from_.upper_bound(end));
    owner_from_[begin] = owner;
    owner_from_[end] = behind;
  }

  std::map<size_t, int> owner_from_{{0, kNobody}};  // up to the next one
};

// Blocks in the order in which they are written, twice, as what a run begins with is what the one
// before has left.
class Walk {
 public:
  Walk(std::span<const Lifetime> lifetimes, int threads, MemoryPlan& plan)
      : lifetimes_(lifetimes),
        threads_(std::min(threads, kMostParts)),
        plan_(plan),
        order_(lifetimes.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return lifetimes[a].first < lifetimes[b].first; });
  }

  // Of the second time. Moves blocks where `move`.
  size_t changing_hands(bool move) {
    size_t others = 0;
    for (int run = 0; run < 2; ++run) {
      others = 0;
      live_.clear();
      for (size_t i = 0; i < order_.size(); ++i) {
        if (move && trials_ > 0) find_place(i);
        const Block block = block_of(order_[i]);
        others += owners_.of_others(block, threads_);
        owners_.write(block, threads_);
        note(block);
      }
    }
    return others;
  }

 private:
  Block block_of(size_t index) const {
    const size_t begin = plan_.offsets[index];
    return {begin, begin + align_up(lifetimes_[index].bytes)};
  }

  // The middle of a block parts two threads, whatever its size.
  void note(const Block& block) {
    recent_[written_++ % recent_.size()] = block.begin + (block.end - block.begin) / 2;
  }

  void find_place(size_t place) {
    const size_t index = order_[place];
    const Block now = block_of(index);
    const size_t bytes = now.end - now.begin;
    find_beside(place);
    size_t best = now.begin, least = owners_.of_others(now, threads_);
    const auto attempt = [&](size_t begin) {
      trials_ -= std::min<size_t>(trials_, 1);
      const size_t others = owners_.of_others({begin, begin + bytes}, threads_);
      if (others < least) best = begin, least = others;
    };
    size_t gap = 0;
    beside_.push_back({plan_.bytes, plan_.bytes});
    for (const Block& block : beside_) {
      if (least == 0) break;
      if (block.begin >= gap + bytes) {
        attempt(gap);
        attempt(block.begin - bytes);
        for (const size_t middle : recent_) {
          const size_t half = bytes / 2 / kGrain * kGrain, wanted = middle / kGrain * kGrain;
          attempt(std::clamp(wanted - std::min(wanted, half), gap, block.begin - bytes));
        }
      }
      gap = std::max(gap, block.end);
    }
    plan_.offsets[index] = best;
    live_.push_back(index);
  }

  // Blocks that share a step with one, by their place.
  void find_beside(size_t place) {
    const Lifetime& life = lifetimes_[order_[place]];
    std::erase_if(live_, [&](size_t other) { return lifetimes_[other].last < life.first; });
    beside_.clear();
    for (const size_t other : live_) beside_.push_back(block_of(other));
    for (size_t later = place + 1;
         later < order_.size() && lifetimes_[order_[later]].first <= life.last; ++later)
      beside_.push_back(block_of(order_[later]));
    std::sort(beside_.begin(), beside_.end(),
              [](const Block& a, const Block& b) { return a.begin < b.begin; });
    trials_ -= std::min(trials_, beside_.size());
  }

  std::span<const Lifetime> lifetimes_;
  const int threads_;
  MemoryPlan& plan_;
  std::vector<size_t> order_;
  Owners owners_;
  std::vector<size_t> live_;
  std::vector<Block> beside_;
  std::array<size_t, 8> recent_{};  // middles
  size_t written_ = 0;
  size_t trials_ = kMostTrials;
};

}  // namespace

void move_to_owners(std::span<const Lifetime> lifetimes, int threads, MemoryPlan& plan) {
  if (threads < 2 || lifetimes.size() > kMostBlocks) return;
  MemoryPlan moved = plan;
  Walk(lifetimes, threads, moved).changing_hands(true);
  if (bytes_changing_hands(lifetimes, threads, moved) <
      bytes_changing_hands(lifetimes, threads, plan))
    plan = std::move(moved);
}

size_t bytes_changing_hands(std::span<const Lifetime> lifetimes, int threads,
                            const MemoryPlan& plan) {
  MemoryPlan same = plan;
  return Walk(lifetimes, threads, same).changing_hands(false);
}

}  // namespace shrike
