#include "engine/row_chain.h"

#include <algorithm>
#include <cassert>

#include "kernels/elementwise/pieces.h"

namespace shrike {

namespace {

// Of an output: a megabyte, which is near. And what has as many rows has alike many for each
// thread, or is little work.
constexpr int64_t kMostElements = 1 << 18, kManyRows = 64;
constexpr int64_t kMostPieces = 16;  // that a share of dense rows lies in: of all axes before them
constexpr int64_t kLeastElements = 4096;  // of all outputs, for each thread

}  // namespace

Slot some_rows(Slot slot, int64_t first, int64_t last) {
  slot.view = sliced(slot.view, slot.view.rank - 2, first, last - first);
  return slot;
}

bool fits_chain(const Shape& shape) {
  if (shape.rank() < 2) return false;
  const int64_t elements = *shape.element_count(), rows = shape[shape.rank() - 2];
  return elements <= kMostElements && elements <= kMostPieces * rows * shape[shape.rank() - 1] &&
         (rows >= kManyRows || elements <= kernels::kWorthAThread);
}

bool RowChain::has_room(const Shape& shape) const {
  return elements_ + *shape.element_count() <= 2 * kMostElements;
}

void RowChain::append(const Shape& shape, StepOfRows make) {
  rows_ = shape[shape.rank() - 2];
  elements_ += *shape.element_count();
  makes_.push_back(std::move(make));
}

int64_t RowChain::divide(int threads) {
  const int64_t worth = std::min<int64_t>(threads, elements_ / kLeastElements);
  const int64_t shares = std::clamp<int64_t>(worth, 1, rows_);
  steps_.resize(static_cast<size_t>(shares));
  for (int64_t i = 0; i < shares; ++i)
    for (const StepOfRows& make : makes_)
      steps_[static_cast<size_t>(i)].push_back(make(rows_ * i / shares, rows_ * (i + 1) / shares));
  makes_.clear();
  return shares;
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
