// Copies between strided tensors of one shape: permutations, slices, parts of a concat, expansion
// of what repeats, all that cannot be a view.
#pragma once

#include "base/thread_pool.h"
#include "kernels/strided.h"

namespace shrike::kernels {

// out = in, element by element; dims must be equal. Elements are 4 bytes and moved as they are, so
// the bits of another 4-byte type may travel as float. The views must not overlap, and no output
// stride may be 0. Dimensions that continue each other are merged first; adjacent runs are moved
// whole, exchanged pairs of dimensions by blocks (transpose.h).
void copy_strided(const ConstStridedView& input, const StridedView& output, ThreadPool& pool);

// The same of elements of one, two and eight bytes.
void copy_strided(const BasicStridedView<const uint8_t>& input,
                  const BasicStridedView<uint8_t>& output, ThreadPool& pool);
void copy_strided(const BasicStridedView<const uint16_t>& input,
                  const BasicStridedView<uint16_t>& output, ThreadPool& pool);
void copy_strided(const BasicStridedView<const uint64_t>& input,
                  const BasicStridedView<uint64_t>& output, ThreadPool& pool);

}  // namespace shrike::kernels
