#include "train/keep_memory.h"

#include <c10/core/CPUAllocator.h>
#include <torch/version.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "train/block_arena.h"

namespace shrike::train {

namespace {

constexpr size_t kLarge = 64 << 10;  // smaller ones stay with malloc
constexpr size_t kAlignment = 64;

size_t physical_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page) : 0;
}

// Never destroyed: tensors may outlive everything.
BlockArena& arena() {
  static BlockArena* const arena = new BlockArena(physical_bytes());
  return *arena;
}

void release(void* data) {
  if (arena().owns(data)) {
    arena().give(data);
  } else {
    std::free(data);
  }
}

class ArenaAllocator : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR >= 2
  c10::DataPtr allocate(size_t bytes) override { return take(bytes); }
  void copy_data(void* to, const void* from, size_t count) const override {
    std::memcpy(to, from, count);
  }
#else
  c10::DataPtr allocate(size_t bytes) const override { return take(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return release; }

 private:
  static c10::DataPtr take(size_t bytes) {
    void* data = bytes >= kLarge ? arena().take(bytes) : nullptr;
    if (!data && bytes > 0)
      data = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
    if (!data && bytes > 0) throw std::bad_alloc();
    return {data, data, release, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void keep_freed_memory() {
  static ArenaAllocator* const allocator = new ArenaAllocator;
  c10::SetCPUAllocator(allocator, 1);
}

}  // namespace shrike::train
