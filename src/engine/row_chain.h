// Steps one after the other, each of whose rows is made of the same rows of what those before it
// wrote, as one step: a thread computes its rows of all of them. Each alone is hardly worth
// dividing, and a thread that does it alone reads, and takes over, what others have written.
//
// A row is all that has one index in the last axis but one. Steps are of one chain where their
// outputs have the same extents but for the last one's, so that no operand repeats along rows, and
// nothing between them views a value otherwise: views end a chain (Planner::define).
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

// Whether steps with an output of this shape may be in a chain: others have too few rows for the
// threads that they are worth, or rows that lie in many pieces, or are worth dividing by
// themselves, by whoever is free.
bool fits_chain(const Shape& shape);

class RowChain : public Step {
 public:
  // Whether there is room for another output: all that a chain makes lives as long as the chain.
  bool has_room(const Shape& shape) const;
  // A step and its output's shape, which fits_chain().
  void append(const Shape& shape, StepOfRows make);
  // Makes the steps, once all are there, in shares for so many threads. Returns how many.
  int64_t divide(int threads);
  Result<void> run(RunContext& context) const override;

 private:
  int64_t rows_ = 0, elements_ = 0;                        // of an output; of all of them
  std::vector<StepOfRows> makes_;                          // until divide()
  std::vector<std::vector<std::unique_ptr<Step>>> steps_;  // by share, in order
  mutable ThreadPool alone_{1};                            // for what one worker does
};

}  // namespace shrike
