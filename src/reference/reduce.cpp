#include <limits>

#include "reference/binary_functions.h"
#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

// Strides of the output as the input's walk needs them: 0 along reduced axes.
std::vector<int64_t> output_strides(const Shape& x, const std::vector<bool>& reduced) {
  std::vector<int64_t> strides(static_cast<size_t>(x.rank()), 0);
  int64_t stride = 1;
  for (size_t a = strides.size(); a-- > 0;) {
    if (reduced[a]) continue;
    strides[a] = stride;
    stride *= x[static_cast<int>(a)];
  }
  return strides;
}

// sums[j] = fold(sums[j], x[i]) over every i that reduces to j.
template <typename T, typename Sum, typename Fold>
void fold_all(const Tensor& x, const std::vector<int64_t>& strides, Sum* sums, Fold fold) {
  const Walk<2> walk(x.shape(), {x.shape().strides(), strides});
  const T* in = x.data<T>().data();
  const int64_t step = walk.row_stride(1);
  walk.for_each_row([&](const std::array<int64_t, 2>& offsets) {
    const T* row = in + offsets[0];
    Sum* out = sums + offsets[1];
    if (step == 0) {
      Sum sum = *out;
      for (int64_t i = 0; i < walk.row(); ++i) sum = fold(sum, static_cast<Sum>(row[i]));
      *out = sum;
    } else {
      for (int64_t i = 0; i < walk.row(); ++i)
        out[i * step] = fold(out[i * step], static_cast<Sum>(row[i]));
    }
  });
}

template <typename T, typename Sum, typename Fold>
void reduce_with(const Tensor& x, const std::vector<int64_t>& strides, Tensor& y, Sum start,
                 Fold fold, Sum divisor = 1) {
  const std::span<T> out = y.mutable_data<T>();
  std::vector<Sum> sums(out.size(), start);
  fold_all<T>(x, strides, sums.data(), fold);
  for (size_t i = 0; i < out.size(); ++i) {
    if constexpr (std::is_integral_v<Sum>) {
      out[i] = divisor == 1 ? static_cast<T>(sums[i])
                            : static_cast<T>(sums[i]) / static_cast<T>(divisor);
    } else {
      out[i] = static_cast<T>(sums[i] / divisor);
    }
  }
}

// Sums and products are kept in double, or without a sign so that they wrap around.
template <typename T>
void reduce(ReduceKind kind, const Tensor& x, const std::vector<int64_t>& strides, Tensor& y) {
  using Limits = std::numeric_limits<T>;
  using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  constexpr T kMost = Limits::has_infinity ? Limits::infinity() : Limits::max();
  constexpr T kLeast = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  const auto add = [](Sum a, Sum b) { return a + b; };
  switch (kind) {
    case ReduceKind::kMax:
      return reduce_with<T, T>(x, strides, y, kLeast, Larger{});
    case ReduceKind::kMin:
      return reduce_with<T, T>(x, strides, y, kMost, Smaller{});
    case ReduceKind::kSum:
      return reduce_with<T, Sum>(x, strides, y, 0, add);
    case ReduceKind::kMean:
      return reduce_with<T, Sum>(x, strides, y, 0, add, static_cast<Sum>(x.size() / y.size()));
    case ReduceKind::kProd:
      return reduce_with<T, Sum>(x, strides, y, 1, [](Sum a, Sum b) { return a * b; });
  }
}

}  // namespace

Result<Outputs> evaluate(const Reduce& op, const Inputs& in) {
  std::vector<int64_t> axes;
  if (in.has(1)) {
    SHRIKE_ASSIGN(axes, in.ints(1));
  }
  const Tensor& x = in[0];
  if (axes.empty() && op.noop_with_empty_axes != 0) return Outputs{x};
  std::vector<bool> reduced(static_cast<size_t>(x.shape().rank()), axes.empty());
  for (int64_t given : axes) {
    SHRIKE_ASSIGN(const int axis, in.axis(given));
    reduced[static_cast<size_t>(axis)] = true;
  }
  const bool truth = op.kind == ReduceKind::kMax || op.kind == ReduceKind::kMin;
  if (in.given_dtype(0) == DType::kBool && !truth) return in.fail("takes numbers, not bool");
  SHRIKE_ASSIGN(Tensor y, in.output());
  const bool has_neutral = op.kind == ReduceKind::kSum || op.kind == ReduceKind::kProd;
  if (x.empty() && !y.empty() && !has_neutral) return in.fail("reduces no elements");
  if (y.empty()) return Outputs{std::move(y)};
  const std::vector<int64_t> strides = output_strides(x.shape(), reduced);
  with_compute_type(x.dtype(), [&]<typename T>() { reduce<T>(op.kind, x, strides, y); });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
