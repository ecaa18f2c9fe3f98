#include "reference/operators.h"
#include "reference/unary.h"
#include "reference/window.h"

namespace shrike::reference {

namespace {

struct Geometry {
  Window vertical, horizontal;
  int64_t in_height, in_width, out_height, out_width;
};

// sums += weight * the input row as horizontal tap s sees it.
template <typename T>
void add_row(const Geometry& g, const T* in, double weight, int64_t s, double* sums) {
  const Window& w = g.horizontal;
  const Window::Span span = w.inside(s, g.in_width, g.out_width);
  const int64_t n = span.end - span.begin;
  if (n == 0) return;
  const T* from = in + w.at(span.begin, s);
  double* to = sums + span.begin;
  if (w.stride == 1) {
    for (int64_t i = 0; i < n; ++i) to[i] += weight * static_cast<double>(from[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] += weight * static_cast<double>(from[i * w.stride]);
  }
}

// One output channel's plane: `channels` input planes, their kernels one after the other. A row's
// sums are kept in double and rounded once: this is what faster kernels are measured against.
template <typename T>
void convolve_plane(const Geometry& g, const T* in, const T* weights, int64_t channels, T bias,
                    T* out) {
  const int64_t kernel = g.vertical.kernel * g.horizontal.kernel;
  std::vector<double> sums;
  for (int64_t y = 0; y < g.out_height; ++y, out += g.out_width) {
    sums.assign(static_cast<size_t>(g.out_width), static_cast<double>(bias));
    for (int64_t c = 0; c < channels; ++c) {
      const T* plane = in + c * g.in_height * g.in_width;
      for (int64_t r = 0; r < g.vertical.kernel; ++r) {
        const int64_t row = g.vertical.at(y, r);
        if (row < 0 || row >= g.in_height) continue;
        const T* taps = weights + c * kernel + r * g.horizontal.kernel;
        for (int64_t s = 0; s < g.horizontal.kernel; ++s)
          add_row(g, plane + row * g.in_width, static_cast<double>(taps[s]), s, sums.data());
      }
    }
    for (int64_t x = 0; x < g.out_width; ++x) out[x] = static_cast<T>(sums[static_cast<size_t>(x)]);
  }
}

template <typename T>
void convolve(const Conv& op, const Inputs& in, const Geometry& g, Tensor& y) {
  const T* x = in[0].data<T>().data();
  const T* weights = in[1].data<T>().data();
  const std::span<T> out = y.mutable_data<T>();
  const int64_t batch = y.shape()[0], channels = y.shape()[1];
  const int64_t group_in = in[1].shape()[1], group_out = channels / op.group;
  const int64_t in_plane = g.in_height * g.in_width, out_plane = g.out_height * g.out_width;
  const int64_t kernel = g.vertical.kernel * g.horizontal.kernel;
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t o = 0; o < channels; ++o) {
      const int64_t plane = n * channels + o;
      const int64_t first_in = (n * op.group + o / group_out) * group_in;
      const T bias = in.has(2) ? in[2].data<T>()[static_cast<size_t>(o)] : T(0);
      convolve_plane(g, x + first_in * in_plane, weights + o * group_in * kernel, group_in, bias,
                     out.data() + plane * out_plane);
    }
  apply_unary<T>({op.activation, op.alpha, op.beta}, out, out);
  if (in.has(3)) {
    const std::span<const T> residual = in[3].data<T>();
    for (size_t i = 0; i < out.size(); ++i) out[i] += residual[i];
  }
}

}  // namespace

Result<Outputs> evaluate(const Conv& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  if (op.activation == UnaryKind::kNot) return in.fail("an activation that is none");
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const Shape &x = in[0].shape(), &w = in[1].shape(), &out = y.shape();
  const Geometry g{window_of(op, 0, w[2], op.dilations[0], x[2], out[2]),
                   window_of(op, 1, w[3], op.dilations[1], x[3], out[3]),
                   x[2],
                   x[3],
                   out[2],
                   out[3]};
  with_float_type(y.dtype(), [&]<typename T>() { convolve<T>(op, in, g, y); });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
