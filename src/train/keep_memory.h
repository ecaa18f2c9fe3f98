// What becomes of memory that tensors give back.
#pragma once

namespace shrike::train {

// The process keeps it for the next tensors, for good. Each step of training needs the same again:
// asking the system for it costs more than a tenth of the step. For a program to call first.
void keep_freed_memory();

}  // namespace shrike::train
