#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// Where each element of a padded axis comes from: an index into the `extent` elements there are,
// -1 for the constant. Nothing when reflection or repetition has nothing to take it from.
std::optional<std::vector<int64_t>> sources(PadMode mode, int64_t extent, int64_t begin,
                                            int64_t length) {
  std::vector<int64_t> indices(static_cast<size_t>(length));
  for (int64_t i = 0; i < length; ++i) {
    int64_t from = i - begin;
    if (from < 0 || from >= extent) {
      const bool before = from < 0;
      if (mode == PadMode::kConstant) {
        from = -1;
      } else if (mode == PadMode::kEdge) {
        from = before ? 0 : extent - 1;
      } else {
        from = before ? -from : 2 * (extent - 1) - from;
      }
      if (mode != PadMode::kConstant && (from < 0 || from >= extent)) return std::nullopt;
    }
    indices[static_cast<size_t>(i)] = from;
  }
  return indices;
}

}  // namespace

// One axis after the other.
Result<Outputs> evaluate(const Pad& op, const Inputs& in) {
  SHRIKE_ASSIGN(const std::vector<int64_t> pads, in.ints(1));
  SHRIKE_ASSIGN(const Shape shape, in.output_shape());
  const size_t element = dtype_size(in[0].dtype());
  const std::vector<std::byte> zero(element);
  const std::byte* value = zero.data();
  if (in.has(2)) {
    if (in[2].size() != 1 || in[2].dtype() != in[0].dtype())
      return in.fail("takes one value of the input's type");
    value = in[2].bytes().data();
  }
  Tensor x = in[0];
  if (shape.element_count() == 0) {
    SHRIKE_ASSIGN(x, in.output());
    return Outputs{std::move(x)};
  }
  const size_t rank = static_cast<size_t>(shape.rank());
  for (size_t a = 0; a < rank; ++a) {
    if (pads[a] == 0 && pads[a + rank] == 0) continue;
    const int axis = static_cast<int>(a);
    Shape padded = x.shape();
    padded[axis] = shape[axis];
    SHRIKE_ASSIGN(Tensor y, in.allocate(x.dtype(), padded));
    const auto from = sources(op.mode, x.shape()[axis], pads[a], shape[axis]);
    if (!from) return in.fail("pads more than there is to take from in " + to_string(x.shape()));
    take_along_axis(x.bytes().data(), view_axis(x.shape(), axis), *from, y.mutable_bytes().data(),
                    element, value);
    x = std::move(y);
  }
  return Outputs{std::move(x)};
}

}  // namespace shrike::reference
