#include "engine/arena.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/tensor.h"

namespace shrike {

namespace {

// 0 where the system does not tell.
size_t machine_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  return pages > 0 && size > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(size) : 0;
}

Error too_much(size_t bytes) {
  return runtime_error("the network's activations need " + std::to_string(bytes >> 20) +
                       " MiB of memory, more than this machine has");
}

}  // namespace

Result<Arena> Arena::make(size_t bytes) {
  const size_t memory = machine_memory();
  if (memory > 0 && bytes > memory) return too_much(bytes);
  const size_t whole = std::max(bytes, size_t{1});
  Arena arena;
  arena.data_.reset(static_cast<std::byte*>(std::aligned_alloc(kTensorAlignment, align_up(whole))));
  if (!arena.data_) return too_much(bytes);
  return arena;
}

}  // namespace shrike
