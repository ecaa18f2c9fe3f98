#include "engine/arena.h"

#include <string>

#include "base/large_block.h"
#include "base/memory.h"

namespace shrike {

Result<Arena> Arena::make(size_t bytes) {
  Arena arena;
  arena.data_ = allocate_large(bytes);
  if (!arena.data_) return out_of_memory("activations of " + std::to_string(bytes >> 20) + " MiB");
  return arena;
}

}  // namespace shrike
