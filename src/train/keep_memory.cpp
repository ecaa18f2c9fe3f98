#include "train/keep_memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace shrike::train {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);         // large blocks are parts of the heap too,
  mallopt(M_TRIM_THRESHOLD, -1);  // whose end is never given back
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace shrike::train
