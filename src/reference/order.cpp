#include "reference/order.h"

#include <algorithm>

#include "reference/binary_functions.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

template <typename T>
void select_top(std::span<const T> values, size_t count, bool largest,
                std::vector<int64_t>& order) {
  order.clear();
  if (count == 0) return;
  // NaN counts as larger than everything, so that the order is one.
  const auto above = [](T a, T b) { return a > b || (a != a && b == b); };
  const auto before = [&](int64_t i, int64_t j) {
    const T a = values[static_cast<size_t>(i)], b = values[static_cast<size_t>(j)];
    if (above(a, b)) return largest;
    if (above(b, a)) return !largest;
    return i < j;
  };
  // Of those seen so far some more than are wanted, and no others than might be.
  const auto keep_best = [&] {
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count - 1),
                     order.end(), before);
    order.resize(count);
  };
  size_t i = 0;
  while (i < values.size()) {
    const size_t room = 2 * count;
    if (order.size() < count) {
      for (; i < values.size() && order.size() < room; ++i)
        order.push_back(static_cast<int64_t>(i));
    } else {
      const T last = values[static_cast<size_t>(order[count - 1])];
      for (; i < values.size() && order.size() < room; ++i)
        if (largest ? above(values[i], last) : above(last, values[i]))
          order.push_back(static_cast<int64_t>(i));
    }
    if (order.size() > count) keep_best();
  }
  std::sort(order.begin(), order.end(), before);
}

template void select_top<float>(std::span<const float>, size_t, bool, std::vector<int64_t>&);
template void select_top<double>(std::span<const double>, size_t, bool, std::vector<int64_t>&);
template void select_top<int64_t>(std::span<const int64_t>, size_t, bool, std::vector<int64_t>&);

// Sorted even where it need not be: `sorted = 0` leaves the order open.
Result<Outputs> evaluate(const TopK& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(Tensor values, in.output(0));
  SHRIKE_ASSIGN(Tensor indices, in.allocate(DType::kI64, values.shape()));
  if (values.empty()) return Outputs{std::move(values), std::move(indices)};
  const AxisView view = view_axis(in[0].shape(), axis);
  const int64_t k = values.shape()[axis];
  int64_t* out_index = indices.mutable_data<int64_t>().data();
  with_compute_type(values.dtype(), [&]<typename T>() {
    const T* x = in[0].data<T>().data();
    T* out = values.mutable_data<T>().data();
    std::vector<T> column(static_cast<size_t>(view.extent));
    std::vector<int64_t> order;
    for (int64_t n = 0; n < view.outer; ++n)
      for (int64_t i = 0; i < view.inner; ++i) {
        for (size_t e = 0; e < column.size(); ++e)
          column[e] = x[(n * view.extent + static_cast<int64_t>(e)) * view.inner + i];
        select_top<T>(column, static_cast<size_t>(k), op.largest != 0, order);
        for (int64_t e = 0; e < k; ++e) {
          const int64_t at = (n * k + e) * view.inner + i, from = order[static_cast<size_t>(e)];
          out[at] = column[static_cast<size_t>(from)];
          out_index[at] = from;
        }
      }
  });
  return Outputs{std::move(values), std::move(indices)};
}

Result<Outputs> evaluate(const ArgMax& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int axis, in.axis(op.axis));
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const AxisView view = view_axis(in[0].shape(), axis);
  if (view.extent == 0) return in.fail("takes the largest of nothing");
  int64_t* out = y.mutable_data<int64_t>().data();
  with_compute_type(in[0].dtype(), [&]<typename T>() {
    const T* x = in[0].data<T>().data();
    std::vector<T> best;
    for (int64_t n = 0; n < view.outer; ++n, out += view.inner) {
      best.assign(x, x + view.inner);
      for (int64_t e = 0; e < view.extent; ++e, x += view.inner)
        for (int64_t i = 0; i < view.inner; ++i) {
          T& most = best[static_cast<size_t>(i)];
          if (x[i] > most || (op.select_last_index != 0 && x[i] == most)) {
            most = x[i];
            out[i] = e;
          }
        }
    }
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const CumSum& op, const Inputs& in) {
  SHRIKE_ASSIGN(const int64_t given, in.one_int(1));
  SHRIKE_ASSIGN(const int axis, in.axis(given));
  if (in.given_dtype(0) == DType::kBool) return in.fail("takes numbers, not bool");
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const AxisView view = view_axis(y.shape(), axis);
  with_compute_type(y.dtype(), [&]<typename T>() {
    using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
    std::vector<Sum> sums;
    for (int64_t n = 0; n < view.outer; ++n) {
      sums.assign(static_cast<size_t>(view.inner), 0);
      for (int64_t e = 0; e < view.extent; ++e) {
        const int64_t row = n * view.extent + (op.reverse != 0 ? view.extent - 1 - e : e);
        const T* x = in[0].data<T>().data() + row * view.inner;
        T* out = y.mutable_data<T>().data() + row * view.inner;
        for (int64_t i = 0; i < view.inner; ++i) {
          Sum& sum = sums[static_cast<size_t>(i)];
          const Sum after = sum + static_cast<Sum>(x[i]);
          out[i] = static_cast<T>(op.exclusive != 0 ? sum : after);
          sum = after;
        }
      }
    }
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const NonZero&, const Inputs& in) {
  const Shape& shape = in[0].shape();
  std::vector<int64_t> found;
  with_compute_type(in[0].dtype(), [&]<typename T>() {
    const std::span<const T> x = in[0].data<T>();
    for (size_t i = 0; i < x.size(); ++i)
      if (x[i] != 0) found.push_back(static_cast<int64_t>(i));
  });
  const int64_t count = static_cast<int64_t>(found.size());
  SHRIKE_ASSIGN(Tensor y, in.allocate(DType::kI64, Shape{shape.rank(), count}));
  const std::span<int64_t> out = y.mutable_data<int64_t>();
  const std::vector<int64_t> strides = shape.strides();
  for (size_t axis = 0; axis < strides.size(); ++axis)
    for (size_t i = 0; i < found.size(); ++i) {
      out[axis * found.size() + i] = found[i] / strides[axis];
      found[i] %= strides[axis];
    }
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
