#include <algorithm>
#include <cmath>

#include "reference/work.h"

namespace shrike {

namespace {

double elements(const Shape& shape) {
  double count = 1;
  for (const int64_t dim : shape) count *= static_cast<double>(std::max<int64_t>(dim, 0));
  return count;
}

// What is known of an operator's tensors: real numbers, so that no product of hostile extents
// overflows.
struct Sizes {
  std::span<const Tensor* const> inputs;
  double out = 0;  // elements of the first output
  double all = 0;  // elements of all inputs and that output

  const Shape* shape(size_t i) const {
    return i < inputs.size() && inputs[i] ? &inputs[i]->shape() : nullptr;
  }
  double size(size_t i) const { return shape(i) ? elements(*shape(i)) : 0; }
  // Extent of an input along an axis, counted from the end where negative; 1 where it has none.
  double extent(size_t i, int axis) const {
    const Shape* s = shape(i);
    const int at = s && axis < 0 ? axis + s->rank() : axis;
    return s && at >= 0 && at < s->rank() ? static_cast<double>((*s)[at]) : 1;
  }
  // Multiplications for one element of the output of a convolution with weights in input 1.
  double weights_an_output() const { return size(1) / std::max(extent(1, 0), 1.0); }
};

double logarithm(double n) { return std::log2(std::max(n, 2.0)); }

// Those that do about one step for each element they read or write.
template <typename T>
double steps(const T&, const Sizes& s) {
  return s.all;
}

double steps(const Conv&, const Sizes& s) { return s.all + s.out * s.weights_an_output(); }

double steps(const QConv&, const Sizes& s) { return s.all + s.out * s.weights_an_output(); }

double steps(const ConvTranspose&, const Sizes& s) {
  return s.all + s.size(0) * s.weights_an_output();
}

double window(const std::vector<int64_t>& kernel) {
  double count = 1;
  for (const int64_t extent : kernel) count *= static_cast<double>(std::max<int64_t>(extent, 1));
  return count;
}
double steps(const MaxPool& op, const Sizes& s) { return s.all + s.out * window(op.kernel_shape); }
double steps(const AveragePool& op, const Sizes& s) {
  return s.all + s.out * window(op.kernel_shape);
}

double steps(const Resize&, const Sizes& s) { return s.all + 16 * s.out; }
double steps(const MatMul&, const Sizes& s) { return s.all + s.out * s.extent(0, -1); }
double steps(const Gemm& op, const Sizes& s) {
  return s.all + s.out * s.extent(0, op.trans_a != 0 ? 0 : 1);
}
double steps(const Softmax&, const Sizes& s) { return 8 * s.all; }
double steps(const Unary&, const Sizes& s) { return 8 * s.all; }
double steps(const TopK&, const Sizes& s) { return s.all * logarithm(s.size(0)); }
double steps(const Head&, const Sizes& s) { return 16 * s.all; }

// In each class every candidate may be compared with every box that is kept.
double steps(const NonMaxSuppression&, const Sizes& s) {
  const double boxes = s.extent(1, 2);
  double kept = 0;
  if (s.inputs.size() > 2 && s.inputs[2] && s.inputs[2]->dtype() == DType::kI64 &&
      s.inputs[2]->size() == 1)
    kept = static_cast<double>(std::max<int64_t>(s.inputs[2]->data<int64_t>()[0], 0));
  return s.all + s.size(1) * (logarithm(boxes) + 4 * std::min(kept, boxes));
}

}  // namespace

double work_of(const Op& op, std::span<const Tensor* const> inputs, const Shape* output) {
  Sizes sizes{inputs};
  for (const Tensor* input : inputs) sizes.all += input ? elements(input->shape()) : 0;
  sizes.out = output ? elements(*output) : sizes.all;
  sizes.all += sizes.out;
  return std::visit([&](const auto& known) { return steps(known, sizes); }, op);
}

}  // namespace shrike
