// Slot: where a value lies: a view of a buffer, or, where its shape depends on the data, a tensor
// that the session holds.
#pragma once

#include "base/dtype.h"
#include "engine/view.h"

namespace shrike {

struct Slot {
  DType dtype = DType::kUndefined;
  int buffer = -1;  // index into the plan's buffers
  View view;
  int tensor = -1;  // or index of the session's tensors

  bool in_memory() const { return buffer >= 0; }
};

inline bool same_place(const Slot& a, const Slot& b) {
  return a.buffer == b.buffer && a.dtype == b.dtype && same_place(a.view, b.view);
}

}  // namespace shrike
