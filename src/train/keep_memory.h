// Where tensors get their memory, and what becomes of it when they give it back.
#pragma once

namespace shrike::train {

// From here on LibTorch's larger tensors on the CPU come from a BlockArena: the process keeps their
// memory for the next ones, for good. Each step of training needs the same again: asking the system
// for it costs a tenth of the step, and malloc's leaves gaps. For a program to call first.
void keep_freed_memory();

}  // namespace shrike::train
