#include "engine/plan.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "base/cpu.h"
#include "base/large_block.h"
#include "base/memory.h"
#include "base/thread_pool.h"
#include "engine/look_ahead.h"
#include "engine/memory_plan.h"
#include "engine/owners.h"

namespace shrike {

namespace {

// How many bytes behind its own weights a step may ask for: they wait in the second cache level,
// beside its own weights and maps (docs/decisions/047-zen-4.md).
int64_t bytes_ahead() {
  constexpr int64_t kUnknown = 512 * 1024;
  const int64_t l2_bytes = cpu_features().l2_bytes;
  return (l2_bytes > 0 ? l2_bytes : kUnknown) * 3 / 16;
}

// The sum over all steps of one number of theirs.
template <typename T>
T total(const std::vector<Plan::Entry>& steps, T StepInfo::*number) {
  T sum = 0;
  for (const Plan::Entry& entry : steps) sum += entry.info.*number;
  return sum;
}

// The buffers of an arena, and when they are in use. In whole pairs of cache lines, so that all
// begin where they are placed, or a line behind that.
struct ArenaBuffers {
  explicit ArenaBuffers(std::vector<Buffer>& all) {
    constexpr size_t kPair = 2 * kTensorAlignment;
    for (Buffer& buffer : all) {
      if (buffer.kind != BufferKind::kArena || buffer.first < 0) continue;
      const size_t bytes = line_of(buffer) + buffer.bytes;
      lifetimes.push_back({(bytes + kPair - 1) / kPair * kPair, buffer.first, buffer.last});
      buffers.push_back(&buffer);
    }
  }

  static size_t line_of(const Buffer& buffer) {
    return buffer.odd.value_or(false) ? kTensorAlignment : 0;
  }
  void place(const MemoryPlan& memory) const {
    for (size_t i = 0; i < buffers.size(); ++i)
      buffers[i]->offset = memory.offsets[i] + line_of(*buffers[i]);
  }

  std::vector<Lifetime> lifetimes;
  std::vector<Buffer*> buffers;
};

}  // namespace

Result<void> Plan::lay_out_arena() {
  const ArenaBuffers arena(buffers_);
  SHRIKE_ASSIGN(const MemoryPlan memory, plan_memory(arena.lifetimes));
  arena.place(memory);
  arena_bytes_ = memory.bytes;
  arena_lower_bound_ = memory.lower_bound;
  return {};
}

void Plan::move_to_owners() {
  const ArenaBuffers arena(buffers_);
  MemoryPlan memory{{}, arena_bytes_, arena_lower_bound_};
  for (const Buffer* buffer : arena.buffers)
    memory.offsets.push_back(buffer->offset - ArenaBuffers::line_of(*buffer));
  shrike::move_to_owners(arena.lifetimes, threads_, memory);
  arena.place(memory);
}

size_t Plan::packed_bytes() const {
  size_t sum = 0;
  for (const Entry& entry : steps_) sum += align_up(entry.info.packed_bytes);
  return sum;
}
int64_t Plan::macs() const { return total(steps_, &StepInfo::macs); }
double Plan::cost() const { return total(steps_, &StepInfo::cost); }

size_t Plan::constant_bytes() const {
  size_t sum = 0;
  for (const Buffer& buffer : buffers_)
    if (buffer.kind == BufferKind::kConstant) sum += buffer.constant.byte_size();
  return sum;
}

size_t Plan::output_bytes() const {
  size_t sum = 0;
  for (const Port& port : outputs_)
    if (!port.is_map && port.slot.in_memory())
      sum += static_cast<size_t>(port.slot.view.count()) * dtype_size(port.dtype);
  return sum;
}

int Plan::fullest_step() const {
  // What begins less what ended at each step; the last one for what is read after the run.
  std::vector<size_t> change(steps_.size() + 2, 0);
  for (const Buffer& buffer : buffers_) {
    if (buffer.first < 0) continue;
    change[static_cast<size_t>(buffer.first)] += align_up(buffer.bytes);
    change[static_cast<size_t>(buffer.last) + 1] -= align_up(buffer.bytes);
  }
  size_t live = 0, most = 0;
  int fullest = -1;
  for (size_t step = 0; step + 1 < change.size(); ++step) {
    live += change[step];
    if (live <= most) continue;
    most = live;
    fullest = static_cast<int>(step);
  }
  return fullest;
}

Result<void> Plan::pack(int threads) {
  // Small constants of a mapped file would keep all of it mapped, and the pages around them.
  constexpr size_t kSmall = 1 << 16;
  for (Buffer& buffer : buffers_) {
    if (buffer.kind != BufferKind::kConstant || buffer.constant.byte_size() > kSmall) continue;
    Tensor own(buffer.constant.dtype(), buffer.constant.shape());
    std::copy_n(buffer.constant.bytes().data(), own.byte_size(), own.mutable_bytes().data());
    buffer.constant = std::move(own);
  }
  packed_ = allocate_large(packed_bytes());
  if (!packed_) return out_of_memory("the network's weights, packed");
  std::vector<std::byte*> places = {packed_.get()};
  for (const Entry& entry : steps_)
    places.push_back(places.back() + align_up(entry.info.packed_bytes));
  std::atomic<bool> enough = true;
  ThreadPool(threads).parallel_for(static_cast<int64_t>(steps_.size()), [&](int64_t step, int) {
    const auto i = static_cast<size_t>(step);
    try {
      if (enough && steps_[i].step) steps_[i].step->prepare(places[i]);
    } catch (const std::bad_alloc&) {
      enough = false;  // nothing may be thrown out of a worker
    }
  });
  if (!enough) return out_of_memory("the network's weights, packed");
  share_ahead(places, bytes_ahead(), [&](size_t i, std::span<const std::byte> next) {
    return steps_[i].step && steps_[i].step->look_ahead(next);
  });
  return {};
}

}  // namespace shrike
