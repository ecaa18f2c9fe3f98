#include "reference/indexing.h"

namespace shrike::reference {

namespace {

Error out_of_range(const Inputs& in, int64_t index, int64_t extent) {
  return in.fail("index " + std::to_string(index) + " into an extent of " + std::to_string(extent));
}

}  // namespace

Result<Tensor> wrapped_indices(const Inputs& in, size_t i, int64_t extent) {
  SHRIKE_ASSIGN(const Tensor given, in.indices(i));
  SHRIKE_ASSIGN(Tensor wrapped, in.allocate(DType::kI64, given.shape()));
  const std::span<const int64_t> from = given.data<int64_t>();
  const std::span<int64_t> to = wrapped.mutable_data<int64_t>();
  for (size_t n = 0; n < from.size(); ++n) {
    if (from[n] < -extent || from[n] >= extent) return out_of_range(in, from[n], extent);
    to[n] = from[n] < 0 ? from[n] + extent : from[n];
  }
  return wrapped;
}

Result<void> expect_inside(const Inputs& in, int axis) {
  const Shape &x = in[0].shape(), &indices = in[1].shape();
  bool inside = indices.rank() == x.rank();
  for (int a = 0; inside && a < x.rank(); ++a) inside = a == axis || indices[a] <= x[a];
  if (inside) return {};
  return in.fail("indices " + to_string(indices) + " into " + to_string(x));
}

Result<TupleIndices> resolve_tuples(const Inputs& in, int64_t batch_dims) {
  SHRIKE_ASSIGN(const Tensor given, in.indices(1));
  const Shape &x = in[0].shape(), &shape = given.shape();
  const int64_t depth = shape.rank() > 0 ? shape[shape.rank() - 1] : 0;
  bool fits = depth > 0 && batch_dims < shape.rank() && batch_dims + depth <= x.rank();
  for (int a = 0; fits && a < batch_dims; ++a) fits = shape[a] == x[a];
  if (!fits) return in.fail("indices " + to_string(shape) + " into " + to_string(x));

  const std::vector<int64_t> strides = x.strides();
  const int first = static_cast<int>(batch_dims);
  TupleIndices result;
  for (int a = first + static_cast<int>(depth); a < x.rank(); ++a) result.block *= x[a];
  int64_t batches = 1;
  for (int a = 0; a < first; ++a) batches *= x[a];
  const int64_t tuples = given.size() / depth;
  const int64_t batch_step = batches == 0 ? 0 : x.element_count().value_or(0) / batches;

  const std::span<const int64_t> index = given.data<int64_t>();
  result.offsets.resize(static_cast<size_t>(tuples));
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t offset = t / (tuples / batches) * batch_step;
    for (int64_t d = 0; d < depth; ++d) {
      const int axis = first + static_cast<int>(d);
      const int64_t at = index[static_cast<size_t>(t * depth + d)];
      if (at < -x[axis] || at >= x[axis]) return out_of_range(in, at, x[axis]);
      offset += (at < 0 ? at + x[axis] : at) * strides[static_cast<size_t>(axis)];
    }
    result.offsets[static_cast<size_t>(t)] = offset;
  }
  return result;
}

}  // namespace shrike::reference
