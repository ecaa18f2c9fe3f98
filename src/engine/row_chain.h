// Steps one after the other, each of whose rows is made of the same rows of what those before it
// wrote, as one step: a thread computes its rows of all of them. Each alone is hardly worth
// dividing, and a thread that does it alone reads, and takes over, what others have written.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/step.h"

namespace shrike {

// The same step on rows [first, last) alone: of the last axis but one of its output, and of what it
// reads, as some_rows() narrows them. Its run() does not fail.
using StepOfRows = std::function<std::unique_ptr<Step>(int64_t first, int64_t last)>;

// Requires a view of two extents and more.
Slot some_rows(Slot slot, int64_t first, int64_t last);

// How many threads share rows, of a shape of two extents and more; 0: such a shape is in no chain,
// as its steps are worth dividing by themselves.
int64_t row_shares(const Shape& shape, int threads);

class RowChain : public Step {
 public:
  RowChain(int64_t rows, int64_t shares) : rows_(rows), steps_(static_cast<size_t>(shares)) {}

  void append(const StepOfRows& make);
  Result<void> run(RunContext& context) const override;

 private:
  int64_t rows_;
  std::vector<std::vector<std::unique_ptr<Step>>> steps_;  // by share, in order
  mutable ThreadPool alone_{1};                            // for what one worker does
};

}  // namespace shrike
