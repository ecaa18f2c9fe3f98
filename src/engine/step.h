// Step: one kernel call of a plan, on slots fixed when the plan was made. Steps hold no activation
// and change nothing when run, so that sessions can share them.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>

#include "base/result.h"
#include "base/tensor.h"
#include "base/thread_pool.h"
#include "engine/slot.h"

namespace shrike {

// What a step needs of the session that runs it: addresses and threads.
class RunContext {
 public:
  // bases[b]: the first byte of buffer b. tensors: those of the values that have no buffer.
  RunContext(ThreadPool& pool, std::span<std::byte* const> bases, std::span<Tensor> tensors)
      : pool_(pool), bases_(bases), tensors_(tensors) {}

  // The same with another pool.
  RunContext with(ThreadPool& pool) const { return {pool, bases_, tensors_}; }

  ThreadPool& pool() const { return pool_; }
  // Of a team's threads one that is late asks for it while bases change for the next run.
  std::byte* base(const Slot& slot) const {
    auto& base = const_cast<std::byte*&>(bases_[static_cast<size_t>(slot.buffer)]);
    return std::atomic_ref(base).load(std::memory_order_relaxed);
  }
  Tensor& tensor(const Slot& slot) const { return tensors_[static_cast<size_t>(slot.tensor)]; }

  // The slot's first element. Requires a slot of f32.
  float* floats(const Slot& slot) const { return first(slot) + slot.view.offset; }
  // The same of T: float, uint8_t, int16_t.
  template <typename T>
  T* elements(const Slot& slot) const {
    return reinterpret_cast<T*>(base(slot)) + slot.view.offset;
  }
  // Picture `image` of a map of f32, or of T.
  kernels::MapView map(const Slot& slot, int64_t image) const { return map_of<float>(slot, image); }
  template <typename T>
  kernels::BasicMapView<T> map_of(const Slot& slot, int64_t image) const {
    return map_at(slot.view, reinterpret_cast<T*>(base(slot)), image);
  }
  kernels::StridedView strided(const Slot& slot) const {
    return strided_at(slot.view, first(slot));
  }
  // All of a buffer of bytes.
  std::span<std::byte> scratch(const Slot& slot) const {
    if (!slot.in_memory()) return {};
    return {base(slot), static_cast<size_t>(slot.view.count())};
  }

 private:
  float* first(const Slot& slot) const { return reinterpret_cast<float*>(base(slot)); }

  ThreadPool& pool_;
  std::span<std::byte* const> bases_;
  std::span<Tensor> tensors_;
};

class Step {
 public:
  virtual ~Step() = default;

  // Packs weights and lets go of the model's own. Called once, before the first run, next to other
  // steps' on other threads: must not throw. packed: as many bytes as the step's StepInfo says,
  // zero, aligned to kTensorAlignment, for the step's life.
  virtual void prepare(std::byte* /*packed*/) {}

  // Told once, after all steps' prepare(): bytes of weights of steps behind this one, for its life.
  // Returns whether it asks for them while it runs.
  virtual bool look_ahead(std::span<const std::byte> /*next*/) { return false; }

  // Threads of a team (base/team.h) may run it side by side, each with its member as the context's
  // pool. Unless by_caller_only(), it writes in loops of that pool only, reads nothing that steps
  // write outside of them, and does not fail.
  virtual Result<void> run(RunContext& context) const = 0;
  virtual bool by_caller_only() const { return false; }
};

}  // namespace shrike
