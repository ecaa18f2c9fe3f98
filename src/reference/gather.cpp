#include <cstring>

#include "reference/indexing.h"
#include "reference/strided.h"

namespace shrike::reference {

Result<Outputs> evaluate(const Gather& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  const AxisView view = view_axis(in[0].shape(), axis);
  SHRIKE_ASSIGN(const Tensor indices, wrapped_indices(in, 1, view.extent));
  take_along_axis(in[0].bytes().data(), view, indices.data<int64_t>(), y.mutable_bytes().data(),
                  dtype_size(y.dtype()), nullptr);
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const GatherElements& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  SHRIKE_ASSIGN(const Tensor indices, wrapped_indices(in, 1, in[0].shape()[axis]));
  SHRIKE_TRY(expect_inside(in, axis));
  const std::byte* from = in[0].bytes().data();
  std::byte* to = y.mutable_bytes().data();
  const size_t element = dtype_size(y.dtype());
  for_each_indexed(in[0].shape(), axis, indices, [&](int64_t x_at, int64_t at) {
    std::memcpy(to + static_cast<size_t>(at) * element, from + static_cast<size_t>(x_at) * element,
                element);
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const GatherND& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  SHRIKE_ASSIGN(const TupleIndices tuples, resolve_tuples(in, op.batch_dims));
  const size_t block = static_cast<size_t>(tuples.block) * dtype_size(y.dtype());
  if (y.empty()) return Outputs{std::move(y)};
  std::byte* to = y.mutable_bytes().data();
  for (int64_t offset : tuples.offsets) {
    std::memcpy(to, in[0].bytes().data() + static_cast<size_t>(offset) * dtype_size(y.dtype()),
                block);
    to += block;
  }
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
