#include "engine/arena.h"

#include <algorithm>
#include <string>

#include "base/tensor.h"

namespace shrike {

Result<Arena> Arena::make(size_t bytes) {
  const size_t whole = align_up(std::max(bytes, size_t{1}));
  Arena arena;
  if (arena.claim_.take(whole))
    arena.data_.reset(static_cast<std::byte*>(std::aligned_alloc(kTensorAlignment, whole)));
  if (!arena.data_) return out_of_memory("activations of " + std::to_string(bytes >> 20) + " MiB");
  return arena;
}

}  // namespace shrike
