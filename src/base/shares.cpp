#include "base/shares.h"

namespace shrike {

namespace {

// Units a share, at most: more would cost more to hand out than they help to even out.
constexpr int64_t kMostUnits = 64;

// A share's word: the loop, units taken from the front, units left.
constexpr int kUnitBits = 7;
static_assert(kMostUnits < 1 << kUnitBits);

struct ShareState {
  uint64_t loop;
  int64_t taken, left;

  static ShareState of(uint64_t word) {
    constexpr uint64_t kMask = (1 << kUnitBits) - 1;
    return {word >> 2 * kUnitBits, static_cast<int64_t>(word >> kUnitBits & kMask),
            static_cast<int64_t>(word & kMask)};
  }
  uint64_t word() const {
    return (loop << kUnitBits | static_cast<uint64_t>(taken)) << kUnitBits |
           static_cast<uint64_t>(left);
  }
};

}  // namespace

Shares::Loop Shares::loop(uint64_t number, int64_t count) const {
  const int64_t most = kMostUnits * count_;
  const int64_t grain = count == 0 ? 1 : (count + most - 1) / most;
  return {number, count, grain, (count + grain - 1) / grain};
}

int64_t Shares::take(const Loop& loop, int share, bool front) {
  std::atomic<uint64_t>& word = shares_[static_cast<size_t>(share)].word;
  uint64_t seen = word.load(std::memory_order_relaxed);
  for (;;) {
    ShareState state = ShareState::of(seen);
    if (state.loop > loop.number) return kNone;
    // A share that is not of this loop yet has units only if the loop is not over.
    const int64_t first = first_unit(loop, share);
    if (state.loop < loop.number) state = {loop.number, 0, first_unit(loop, share + 1) - first};
    if (state.left == 0) return kNone;
    --state.left;
    const int64_t unit = first + state.taken + (front ? 0 : state.left);
    if (front) ++state.taken;
    if (word.compare_exchange_weak(seen, state.word(), std::memory_order_relaxed)) return unit;
  }
}

}  // namespace shrike
