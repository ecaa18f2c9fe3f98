#include <cmath>

#include "reference/binary_functions.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// One outer index: `extent` rows of `inner` elements, each column summing to 1.
template <typename T>
void softmax_block(const T* x, T* y, int64_t extent, int64_t inner, std::vector<T>& largest,
                   std::vector<double>& sums) {
  largest.assign(x, x + inner);
  sums.assign(static_cast<size_t>(inner), 0.0);
  const auto column = [](int64_t i) { return static_cast<size_t>(i); };
  for (int64_t k = 1; k < extent; ++k)
    for (int64_t i = 0; i < inner; ++i)
      largest[column(i)] = Larger{}(largest[column(i)], x[k * inner + i]);
  for (int64_t k = 0; k < extent; ++k)
    for (int64_t i = 0; i < inner; ++i) {
      const T e = std::exp(x[k * inner + i] - largest[column(i)]);
      y[k * inner + i] = e;
      sums[column(i)] += static_cast<double>(e);
    }
  for (int64_t k = 0; k < extent; ++k)
    for (int64_t i = 0; i < inner; ++i)
      y[k * inner + i] = static_cast<T>(static_cast<double>(y[k * inner + i]) / sums[column(i)]);
}

}  // namespace

Result<Outputs> evaluate(const Softmax& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const AxisView view = view_axis(y.shape(), axis);
  with_float_type(y.dtype(), [&]<typename T>() {
    std::vector<T> largest;
    std::vector<double> sums;
    const int64_t block = view.extent * view.inner;
    for (int64_t n = 0; n < view.outer; ++n)
      softmax_block(in[0].data<T>().data() + n * block, y.mutable_data<T>().data() + n * block,
                    view.extent, view.inner, largest, sums);
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
