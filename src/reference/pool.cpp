#include <cmath>

#include "reference/binary_functions.h"
#include "reference/operators.h"
#include "reference/window.h"

namespace shrike::reference {

namespace {

struct Geometry {
  Window vertical, horizontal;
  int64_t in_height, in_width, out_height, out_width;
  int64_t padded_height, padded_width;  // where the padding after the last element ends
};

template <typename T>
Result<Geometry> geometry_of(const T& op, const std::vector<int64_t>& dilations, const Inputs& in,
                             const Shape& y) {
  const Shape& x = in[0].shape();
  const auto window = [&](size_t axis) {
    const int a = static_cast<int>(axis) + 2;
    return window_of(op, axis, op.kernel_shape[axis], dilations[axis], x[a], y[a]);
  };
  const bool padded = op.auto_pad == AutoPad::kNotSet;
  for (size_t i = 0; padded && i < 4; ++i)
    if (op.pads[i] >= op.kernel_shape[i % 2]) return in.fail("a pad as large as the window");
  // SAME pads as much as the last window needs.
  return Geometry{window(0),
                  window(1),
                  x[2],
                  x[3],
                  y[2],
                  y[3],
                  x[2] + (padded ? op.pads[2] : op.kernel_shape[0]),
                  x[3] + (padded ? op.pads[3] : op.kernel_shape[1])};
}

// Folds the taps of every window with `fold`, from `start`. Row by row: out[x] = fold(out[x], in).
template <typename T, typename Y, typename Fold>
void pool_plane(const Geometry& g, const T* in, Y start, Y* out, Fold fold) {
  std::fill_n(out, g.out_height * g.out_width, start);
  for (int64_t y = 0; y < g.out_height; ++y, out += g.out_width)
    for (int64_t r = 0; r < g.vertical.kernel; ++r) {
      const int64_t row = g.vertical.at(y, r);
      if (row < 0 || row >= g.in_height) continue;
      for (int64_t s = 0; s < g.horizontal.kernel; ++s) {
        const Window::Span span = g.horizontal.inside(s, g.in_width, g.out_width);
        const T* from = in + row * g.in_width;
        for (int64_t x = span.begin; x < span.end; ++x)
          out[x] = fold(out[x], from[g.horizontal.at(x, s)]);
      }
    }
}

// Whether every window along the axis has a tap inside the picture.
bool covered(const Window& window, int64_t in, int64_t out) {
  std::vector<bool> reached(static_cast<size_t>(out), false);
  for (int64_t k = 0; k < window.kernel; ++k) {
    const Window::Span span = window.inside(k, in, out);
    std::fill(reached.begin() + span.begin, reached.begin() + span.end, true);
  }
  return std::find(reached.begin(), reached.end(), false) == reached.end();
}

// What AveragePool divides by along one axis: taps inside the picture, or, with include_pad,
// inside the padded picture (the windows that ceil_mode adds may reach past that too).
std::vector<int64_t> counts(const Window& window, int64_t in, int64_t padded, int64_t out,
                            bool include_pad) {
  std::vector<int64_t> result(static_cast<size_t>(out));
  for (int64_t o = 0; o < out; ++o) {
    const int64_t begin = window.at(o, 0), end = begin + window.kernel;
    result[static_cast<size_t>(o)] = include_pad ? std::min(end, padded) - begin
                                                 : std::min(end, in) - std::max<int64_t>(begin, 0);
  }
  return result;
}

}  // namespace

Result<Outputs> evaluate(const MaxPool& op, const Inputs& in) {
  SHRIKE_ASSIGN(Tensor y, in.output());
  SHRIKE_ASSIGN(const Geometry g, geometry_of(op, op.dilations, in, y.shape()));
  if (y.empty()) return Outputs{std::move(y)};
  if (!covered(g.vertical, g.in_height, g.out_height) ||
      !covered(g.horizontal, g.in_width, g.out_width))
    return in.fail("a window that lies in the padding");
  const int64_t planes = y.shape()[0] * y.shape()[1];
  with_compute_type(y.dtype(), [&]<typename T>() {
    using Limits = std::numeric_limits<T>;
    constexpr T kLeast = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
    for (int64_t p = 0; p < planes; ++p)
      pool_plane(g, in[0].data<T>().data() + p * g.in_height * g.in_width, kLeast,
                 y.mutable_data<T>().data() + p * g.out_height * g.out_width, Larger{});
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const AveragePool& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  SHRIKE_ASSIGN(Tensor y, in.output());
  SHRIKE_ASSIGN(const Geometry g, geometry_of(op, {1, 1}, in, y.shape()));
  if (y.empty()) return Outputs{std::move(y)};
  const bool include = op.count_include_pad != 0;
  const auto rows = counts(g.vertical, g.in_height, g.padded_height, g.out_height, include);
  const auto columns = counts(g.horizontal, g.in_width, g.padded_width, g.out_width, include);
  const int64_t planes = y.shape()[0] * y.shape()[1];
  with_float_type(y.dtype(), [&]<typename T>() {
    T* out = y.mutable_data<T>().data();
    for (int64_t p = 0; p < planes; ++p) {
      pool_plane(g, in[0].data<T>().data() + p * g.in_height * g.in_width, T(0), out,
                 [](T sum, T x) { return sum + x; });
      for (int64_t row : rows)
        for (int64_t column : columns) *out++ /= static_cast<T>(row * column);
    }
  });
  return Outputs{std::move(y)};
}

Result<Outputs> evaluate(const GlobalAveragePool&, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  SHRIKE_ASSIGN(Tensor y, in.output());
  const int64_t area = in[0].shape()[2] * in[0].shape()[3];
  if (area == 0 && !y.empty()) return in.fail("takes the mean of nothing");
  with_float_type(y.dtype(), [&]<typename T>() {
    const T* x = in[0].data<T>().data();
    for (T& mean : y.mutable_data<T>()) {
      double sum = 0;
      for (int64_t i = 0; i < area; ++i) sum += static_cast<double>(x[i]);
      mean = static_cast<T>(sum / static_cast<double>(area));
      x += area;
    }
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
