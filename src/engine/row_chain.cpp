#include "engine/row_chain.h"

#include <algorithm>
#include <cassert>

namespace shrike {

Slot some_rows(Slot slot, int64_t first, int64_t last) {
  slot.view = sliced(slot.view, slot.view.rank - 2, first, last - first);
  return slot;
}

int64_t row_shares(const Shape& shape, int threads) {
  constexpr int64_t kMostElements = 1 << 18, kLeastLines = 64;  // of a share, of the last axis
  const int64_t elements = *shape.element_count();
  if (shape.rank() < 2 || elements > kMostElements) return 0;
  const int64_t lines = elements / shape[shape.rank() - 1];
  return std::clamp<int64_t>(std::min<int64_t>(threads, lines / kLeastLines), 1,
                             shape[shape.rank() - 2]);
}

void RowChain::append(const StepOfRows& make) {
  const auto shares = static_cast<int64_t>(steps_.size());
  for (int64_t i = 0; i < shares; ++i)
    steps_[static_cast<size_t>(i)].push_back(make(rows_ * i / shares, rows_ * (i + 1) / shares));
}

Result<void> RowChain::run(RunContext& context) const {
  context.pool().parallel_for(static_cast<int64_t>(steps_.size()), [&](int64_t share, int) {
    RunContext own = context.with(alone_);
    for (const std::unique_ptr<Step>& step : steps_[static_cast<size_t>(share)]) {
      [[maybe_unused]] const Result<void> done = step->run(own);
      assert(done);
    }
  });
  return {};
}

}  // namespace shrike
