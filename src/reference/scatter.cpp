#include <cstring>

#include "reference/indexing.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// A copy of input 0 to write into, the updates being of its type.
Result<Tensor> start_from_first(const Inputs& in) {
  if (in[2].dtype() != in[0].dtype()) return in.fail("updates of another type than the input");
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (!y.empty()) std::memcpy(y.mutable_bytes().data(), in[0].bytes().data(), y.byte_size());
  return y;
}

}  // namespace

Result<Outputs> evaluate(const ScatterElements& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(const Tensor indices, wrapped_indices(in, 1, in[0].shape()[axis]));
  SHRIKE_TRY(expect_inside(in, axis));
  if (in[2].shape() != in[1].shape()) return in.fail("updates and indices differ in shape");
  SHRIKE_ASSIGN(Tensor y, start_from_first(in));
  const std::byte* from = in[2].bytes().data();
  std::byte* to = y.mutable_bytes().data();
  const size_t element = dtype_size(y.dtype());
  for_each_indexed(y.shape(), axis, indices, [&](int64_t y_at, int64_t at) {
    std::memcpy(to + static_cast<size_t>(y_at) * element, from + static_cast<size_t>(at) * element,
                element);
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const ScatterND&, const Inputs& in) {
  SHRIKE_ASSIGN(const TupleIndices tuples, resolve_tuples(in, 0));
  const Shape &x = in[0].shape(), &indices = in[1].shape();
  std::vector<int64_t> wanted(indices.begin(), indices.end() - 1);
  wanted.insert(wanted.end(), x.begin() + indices[indices.rank() - 1], x.end());
  if (in[2].shape() != Shape(wanted))
    return in.fail("updates of shape " + to_string(in[2].shape()) + ", not " +
                   to_string(Shape(wanted)));
  SHRIKE_ASSIGN(Tensor y, start_from_first(in));
  const size_t element = dtype_size(y.dtype()), block = static_cast<size_t>(tuples.block) * element;
  const std::byte* from = in[2].bytes().data();
  if (block == 0) return Outputs{std::move(y)};
  for (int64_t offset : tuples.offsets) {
    std::memcpy(y.mutable_bytes().data() + static_cast<size_t>(offset) * element, from, block);
    from += block;
  }
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
