// GradientBuckets: gradients added up over processes while backward still runs.
//
// The gradients lie in one block (flat_parameters.h). It is cut into buckets from its end, the first
// small so that work begins early; a hook behind each parameter's gradient counts, and a bucket whose
// last one is there is on its way. They leave in their order, so that all processes send the same.
// Backward comes to the last parameters first: the end of the block should be of these.
// Not thread-safe; one backward at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "train/process_group.h"

namespace shrike::train {

class GradientBuckets {
 public:
  // A parameter whose gradient lies at `begin` of the block. The same on all processes.
  struct Part {
    at::Tensor parameter;
    int64_t begin = 0;
  };
  struct Sizes {
    int64_t first = int64_t{1} << 20, others = int64_t{4} << 20;  // bytes
  };

  // Borrows the group, and lives no longer than its parameters do.
  GradientBuckets(ProcessGroup& group, at::Tensor block, const std::vector<Part>& parts,
                  const Sizes& sizes);
  GradientBuckets(ProcessGroup& group, at::Tensor block, const std::vector<Part>& parts)
      : GradientBuckets(group, std::move(block), parts, Sizes{}) {}
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;
  ~GradientBuckets();

  // Before a backward whose gradients, with all that was in the block before it, are to be added up.
  void begin();
  // After it: returns when the block holds the sums. Throws as ProcessGroup::summed().
  void finish();

  size_t count() const;
  // Of those of the last backward, how many were on their way before it ended.
  size_t early() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the hooks, which outlive this
};

}  // namespace shrike::train
