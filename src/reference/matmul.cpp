#include <algorithm>

#include "reference/operators.h"
#include "reference/strided.h"

namespace shrike::reference {

namespace {

struct MatrixView {
  int64_t row_stride, column_stride;  // in elements
};

// c (m x n, contiguous) = a (m x k) * b (k x n). A row's sums stay in the cache while b's rows
// pass; they are kept in double and rounded once, or without a sign so that they wrap around.
template <typename T>
void multiply(const T* a, MatrixView av, const T* b, MatrixView bv, T* c, int64_t m, int64_t k,
              int64_t n) {
  using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t, double>;
  std::vector<Sum> sums;
  for (int64_t i = 0; i < m; ++i, c += n) {
    sums.assign(static_cast<size_t>(n), 0);
    for (int64_t p = 0; p < k; ++p) {
      const auto factor = static_cast<Sum>(a[i * av.row_stride + p * av.column_stride]);
      const T* row = b + p * bv.row_stride;
      Sum* to = sums.data();
      if (bv.column_stride == 1)
        for (int64_t j = 0; j < n; ++j) to[j] += factor * static_cast<Sum>(row[j]);
      else
        for (int64_t j = 0; j < n; ++j)
          to[j] += factor * static_cast<Sum>(row[j * bv.column_stride]);
    }
    for (int64_t j = 0; j < n; ++j) c[j] = static_cast<T>(sums[static_cast<size_t>(j)]);
  }
}

// A stack of matrices: `batch` extents before the last two, which are rows x columns.
struct Stack {
  Shape batch;
  int64_t rows, columns;
};

// A vector counts as one row on the left, one column on the right.
Stack stack_of(const Shape& shape, bool left) {
  if (shape.rank() == 1) return left ? Stack{{}, 1, shape[0]} : Stack{{}, shape[0], 1};
  const int last = shape.rank() - 1;
  return {Shape(std::vector<int64_t>(shape.begin(), shape.end() - 2)), shape[last - 1],
          shape[last]};
}

// The batch extents of the product: what its shape has before the rows and columns that are left.
Shape product_batch(const Shape& y, const Shape& a, const Shape& b) {
  const int matrix = (a.rank() > 1 ? 1 : 0) + (b.rank() > 1 ? 1 : 0);
  return Shape(std::vector<int64_t>(y.begin(), y.end() - matrix));
}

}  // namespace

Result<Outputs> evaluate(const MatMul&, const Inputs& in) {
  SHRIKE_TRY(in.expect_one_type());
  if (in.given_dtype(0) == DType::kBool) return in.fail("takes numbers, not bool");
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Stack a = stack_of(in[0].shape(), true), b = stack_of(in[1].shape(), false);
  if (y.empty() || a.columns == 0) return Outputs{std::move(y)};
  const Shape batch = product_batch(y.shape(), in[0].shape(), in[1].shape());
  const Walk<2> walk(batch, {broadcast_strides(a.batch, batch), broadcast_strides(b.batch, batch)});
  with_compute_type(y.dtype(), [&]<typename T>() {
    const T* left = in[0].data<T>().data();
    const T* right = in[1].data<T>().data();
    T* out = y.mutable_data<T>().data();
    walk.for_each_row([&](const std::array<int64_t, 2>& offsets) {
      for (int64_t i = 0; i < walk.row(); ++i, out += a.rows * b.columns)
        multiply(left + (offsets[0] + i * walk.row_stride(0)) * a.rows * a.columns, {a.columns, 1},
                 right + (offsets[1] + i * walk.row_stride(1)) * b.rows * b.columns, {b.columns, 1},
                 out, a.rows, a.columns, b.columns);
    });
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const Gemm& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape &a = in[0].shape(), &b = in[1].shape();
  const int64_t m = y.shape()[0], n = y.shape()[1], k = op.trans_a != 0 ? a[0] : a[1];
  if (y.empty()) return Outputs{std::move(y)};
  const MatrixView av = op.trans_a != 0 ? MatrixView{1, a[1]} : MatrixView{a[1], 1};
  const MatrixView bv = op.trans_b != 0 ? MatrixView{1, b[1]} : MatrixView{b[1], 1};
  with_float_type(y.dtype(), [&]<typename T>() {
    const std::span<T> out = y.mutable_data<T>();
    multiply(in[0].data<T>().data(), av, in[1].data<T>().data(), bv, out.data(), m, k, n);
    for (T& value : out) value *= static_cast<T>(op.alpha);
    if (!in.has(2)) return;
    const T* c = in[2].data<T>().data();
    const T beta = static_cast<T>(op.beta);
    const Walk<1> walk(y.shape(), {broadcast_strides(in[2].shape(), y.shape())});
    T* to = out.data();
    walk.for_each_row([&](const std::array<int64_t, 1>& offsets) {
      for (int64_t i = 0; i < walk.row(); ++i)
        *to++ += beta * c[offsets[0] + i * walk.row_stride(0)];
    });
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
