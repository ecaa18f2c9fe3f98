#include "kernels/strided.h"

namespace shrike::kernels {

int merge_dims(int rank, Extents& dims, std::initializer_list<Extents*> strides) {
  int kept = 0;
  for (int d = 0; d < rank; ++d) {
    const auto from = static_cast<size_t>(d);
    if (dims[from] == 1) continue;
    const auto to = static_cast<size_t>(kept);
    bool joins = kept > 0;
    for (const Extents* s : strides) {
      if (!joins) break;
      joins = (*s)[to - 1] == (*s)[from] * dims[from];
    }
    if (joins) {
      dims[to - 1] *= dims[from];
      for (Extents* s : strides) (*s)[to - 1] = (*s)[from];
    } else {
      dims[to] = dims[from];
      for (Extents* s : strides) (*s)[to] = (*s)[from];
      ++kept;
    }
  }
  return kept;
}

}  // namespace shrike::kernels
