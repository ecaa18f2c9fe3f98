// Concat and Split: one block of bytes a part and outer index.
#include <cstring>

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

void copy_blocks(const std::byte* src, size_t src_step, std::byte* dst, size_t dst_step,
                 size_t block, int64_t count) {
  if (block == 0) return;
  for (int64_t i = 0; i < count; ++i, src += src_step, dst += dst_step)
    std::memcpy(dst, src, block);
}

// Bytes from one outer index to the next.
size_t outer_step(const Tensor& x, int axis) {
  const AxisView view = view_axis(x.shape(), axis);
  return static_cast<size_t>(view.extent * view.inner) * dtype_size(x.dtype());
}

}  // namespace

Result<Outputs> evaluate(const Concat& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  const size_t step = outer_step(y, axis);
  size_t start = 0;
  for (size_t i = 0; i < in.count() && !y.empty(); ++i) {
    const size_t block = outer_step(in[i], axis);
    copy_blocks(in[i].bytes().data(), block, y.mutable_bytes().data() + start, step, block,
                view_axis(y.shape(), axis).outer);
    start += block;
  }
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const Split& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  const size_t step = outer_step(in[0], axis);
  // All of them before the first byte is read: each has a size, so that together they fit.
  Outputs parts;
  for (size_t i = 0; i < in.outputs(); ++i) {
    SHRIKE_ASSIGN(Tensor y, in.output(i));
    parts.push_back(std::move(y));
  }
  size_t start = 0;
  for (Tensor& y : parts) {
    const size_t block = outer_step(y, axis);
    if (!y.empty())
      copy_blocks(in[0].bytes().data() + start, step, y.mutable_bytes().data(), block, block,
                  view_axis(y.shape(), axis).outer);
    start += block;
  }
  assert(start == step);
  return parts;
}

}  // namespace shrike::reference
