#include "kernels/elementwise/broadcast.h"

#include "kernels/elementwise/rows.h"

namespace shrike::kernels {

namespace {

// The innermost dimension with steps no row kernel takes.
void strided_row(BinaryOp op, const BinaryRowArgs& row, int64_t step_out) {
  for (int64_t i = 0; i < row.length; ++i)
    row.out[i * step_out] = apply_reference(op, row.a[i * row.step_a], row.b[i * row.step_b]);
}

bool unit_step(int64_t step) { return step == 0 || step == 1; }

}  // namespace

void binary_broadcast(BinaryOp op, const ConstStridedView& a, const ConstStridedView& b,
                      const StridedView& output, ThreadPool& pool) {
  assert(a.rank == output.rank && b.rank == output.rank);
  if (output.count() == 0) return;
  Extents dims = output.dims, to = output.strides, from_a = a.strides, from_b = b.strides;
  int rank = merge_dims(output.rank, dims, {&to, &from_a, &from_b});
  if (rank == 0) {  // one element
    dims[0] = to[0] = 1;
    from_a[0] = from_b[0] = 0;
    rank = 1;
  }
  const auto last = static_cast<size_t>(rank - 1);
  const bool rows = to[last] == 1 && unit_step(from_a[last]) && unit_step(from_b[last]);
  const BinaryRow row = binary_row_best(op);
  int64_t outer = 1;
  for (size_t d = 0; d < last; ++d) outer *= dims[d];
  pool.parallel_for(outer, [&](int64_t index, int) {
    const BinaryRowArgs args{a.data + offset_of(index, rank - 1, dims, from_a),  from_a[last],
                             b.data + offset_of(index, rank - 1, dims, from_b),  from_b[last],
                             output.data + offset_of(index, rank - 1, dims, to), dims[last]};
    if (rows) {
      row(args);
    } else {
      strided_row(op, args, to[last]);
    }
  });
}

}  // namespace shrike::kernels
