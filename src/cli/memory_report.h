// What a plan needs of memory, for inspect --memory.
#pragma once

#include "engine/plan.h"
#include "formats/json.h"

namespace shrike {

// The arena and the least that any order of its buffers could need, scratch, packed weights by
// kernel, and the tensors that are live at the step that needs the most.
void print_memory(const Plan& plan);
Json memory_json(const Plan& plan);

}  // namespace shrike
