// Memory for what is large, lives long and is used whole: packed weights, activations.
#pragma once

#include <cstddef>
#include <memory>

namespace shrike {

// Zeroed, aligned to a page at least; the system is asked for huge pages, of which each spares 512
// page faults at the start and as many entries of the table that maps addresses later. Takes no
// more memory than `bytes` in whole small pages, and counts as a tensor does (memory.h). Null where
// the machine, or the limit, has not that many.
std::shared_ptr<std::byte> allocate_large(size_t bytes);

}  // namespace shrike
