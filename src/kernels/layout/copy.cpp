#include "kernels/layout/copy.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "kernels/elementwise/pieces.h"
#include "kernels/layout/transpose_block.h"
#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

// A copy with its dimensions merged, outermost first by the stride they have in the output.
template <typename T>
struct Plan {
  const T* in;
  T* out;
  int rank;
  Extents dims, from, to;

  size_t last() const { return static_cast<size_t>(rank - 1); }
};

template <typename T>
void swap_dims(Plan<T>& plan, size_t a, size_t b) {
  std::swap(plan.dims[a], plan.dims[b]);
  std::swap(plan.from[a], plan.from[b]);
  std::swap(plan.to[a], plan.to[b]);
}

template <typename T>
Plan<T> make_plan(const BasicStridedView<const T>& input, const BasicStridedView<T>& output) {
  Plan<T> plan{input.data, output.data, output.rank, output.dims, input.strides, output.strides};
  for (size_t i = 1; i < static_cast<size_t>(plan.rank); ++i)  // insertion sort: at most 8
    for (size_t j = i; j > 0 && plan.to[j - 1] < plan.to[j]; --j) swap_dims(plan, j - 1, j);
  plan.rank = merge_dims(plan.rank, plan.dims, {&plan.from, &plan.to});
  if (plan.rank == 0) {  // one element
    plan.rank = 1;
    plan.dims[0] = plan.from[0] = plan.to[0] = 1;
  }
  return plan;
}

// Calls body(in, out) for the first `rank` dimensions, of which each call moves `length` elements.
template <typename T, typename Body>
void for_each_outer(const Plan<T>& plan, int rank, int64_t length, ThreadPool& pool,
                    const Body& body) {
  constexpr int64_t kUnit = 8192;  // elements that are worth a thread's while
  int64_t count = 1;
  for (size_t d = 0; d < static_cast<size_t>(rank); ++d) count *= plan.dims[d];
  const int64_t each = std::max<int64_t>(1, kUnit / length);
  // Along the last of the dimensions places follow each other without a division.
  const auto last = static_cast<size_t>(std::max(rank - 1, 0));
  const int64_t row = rank > 0 ? plan.dims[last] : 1;
  pool.parallel_for(divide_up(count, each), [&](int64_t unit, int) {
    const int64_t end = std::min(count, (unit + 1) * each);
    for (int64_t index = unit * each; index < end;) {
      const T* in = plan.in + offset_of(index, rank, plan.dims, plan.from);
      T* out = plan.out + offset_of(index, rank, plan.dims, plan.to);
      const int64_t stop = std::min(end, (index / row + 1) * row);
      for (; index < stop; ++index, in += plan.from[last], out += plan.to[last]) body(in, out);
    }
  });
}

template <typename T>
void copy_runs(const Plan<T>& plan, ThreadPool& pool) {
  const int64_t length = plan.dims[plan.last()];
  const size_t bytes = static_cast<size_t>(length) * sizeof(T);
  if (plan.rank == 1)
    return for_each_piece(1, length, pool, [&](int64_t, int64_t begin, int64_t count) {
      std::memcpy(plan.out + begin, plan.in + begin, static_cast<size_t>(count) * sizeof(T));
    });
  const auto each = [&](const auto& body) {
    for_each_outer(plan, plan.rank - 1, length, pool, body);
  };
  // A corner of a box: one load and one store instead of a call.
  constexpr size_t kCorner = 2 * sizeof(float);
  if (bytes == kCorner) return each([](const T* in, T* out) { std::memcpy(out, in, kCorner); });
  each([&](const T* in, T* out) { std::memcpy(out, in, bytes); });
}

template <typename T>
void transpose_small(const TransposeProblem& problem, const T* in, T* out) {
  for (int64_t r = 0; r < problem.rows; ++r)
    for (int64_t c = 0; c < problem.cols; ++c)
      out[c * problem.out_stride + r] = in[r * problem.in_stride + c];
}

// The innermost dimension of the output and the dimension adjacent in the input, exchanged.
template <typename T, typename Block>
void copy_transposed(Plan<T> plan, size_t adjacent, const Block& block, ThreadPool& pool) {
  const size_t last = plan.last();
  swap_dims(plan, adjacent, last - 1);
  const int64_t rows = plan.dims[last], cols = plan.dims[last - 1];
  // Columns are the output's rows. What threads share: strips of them, and parts of long ones.
  constexpr int64_t kStrip = 64, kPart = 512;
  const int64_t strips = divide_up(cols, kStrip), parts = divide_up(rows, kPart);
  int64_t outer = 1;
  for (size_t d = 0; d + 1 < last; ++d) outer *= plan.dims[d];
  pool.parallel_for(outer * strips * parts, [&](int64_t unit, int) {
    const int64_t row = unit % parts * kPart, column = unit / parts % strips * kStrip;
    const int64_t place = unit / parts / strips;
    const T* in = plan.in + offset_of(place, plan.rank - 2, plan.dims, plan.from);
    T* out = plan.out + offset_of(place, plan.rank - 2, plan.dims, plan.to);
    block({std::min(kPart, rows - row), std::min(kStrip, cols - column), plan.from[last],
           plan.to[last - 1]},
          in + row * plan.from[last] + column, out + column * plan.to[last - 1] + row);
  });
}

// Every second element, as when a map is taken apart into its even and odd columns. The compiler
// makes shuffles of it, which move bits as they are.
template <typename T>
void copy_pairs(const Plan<T>& plan, ThreadPool& pool) {
  const int64_t length = plan.dims[plan.last()];
  for_each_outer(plan, plan.rank - 1, length, pool, [&](const T* in, T* out) {
    for (int64_t i = 0; i < length; ++i) out[i] = in[2 * i];
  });
}

template <typename T>
void copy_elements(const Plan<T>& plan, ThreadPool& pool) {
  const size_t last = plan.last();
  const int64_t length = plan.dims[last], from = plan.from[last], to = plan.to[last];
  for_each_outer(plan, plan.rank - 1, length, pool, [&](const T* in, T* out) {
    for (int64_t i = 0; i < length; ++i) std::memcpy(out + i * to, in + i * from, sizeof(T));
  });
}

template <typename T>
void copy(const BasicStridedView<const T>& input, const BasicStridedView<T>& output,
          ThreadPool& pool) {
  assert(input.rank == output.rank);
  if (output.count() == 0) return;
  const Plan<T> plan = make_plan(input, output);
  const size_t last = plan.last();
  if (plan.to[last] == 1 && plan.from[last] == 1) return copy_runs(plan, pool);
  for (size_t d = 0; d < last && plan.to[last] == 1; ++d) {
    if (plan.from[d] != 1) continue;
    if constexpr (std::is_same_v<T, float>) {
      return copy_transposed(plan, d, transpose_block_best(), pool);
    } else {
      return copy_transposed(plan, d, transpose_small<T>, pool);
    }
  }
  if (plan.to[last] == 1 && plan.from[last] == 2) return copy_pairs(plan, pool);
  copy_elements(plan, pool);
}

}  // namespace

void copy_strided(const ConstStridedView& input, const StridedView& output, ThreadPool& pool) {
  copy<float>(input, output, pool);
}

void copy_strided(const BasicStridedView<const uint8_t>& input,
                  const BasicStridedView<uint8_t>& output, ThreadPool& pool) {
  copy<uint8_t>(input, output, pool);
}

void copy_strided(const BasicStridedView<const uint16_t>& input,
                  const BasicStridedView<uint16_t>& output, ThreadPool& pool) {
  copy<uint16_t>(input, output, pool);
}

void copy_strided(const BasicStridedView<const uint64_t>& input,
                  const BasicStridedView<uint64_t>& output, ThreadPool& pool) {
  copy<uint64_t>(input, output, pool);
}

}  // namespace shrike::kernels
