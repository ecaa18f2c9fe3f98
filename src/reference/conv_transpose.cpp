#include "reference/operators.h"
#include "reference/window.h"

namespace shrike::reference {

namespace {

// The windows of the convolution whose adjoint this is: its input is our output.
struct Geometry {
  Window vertical, horizontal;
  int64_t in_height, in_width, out_height, out_width;
};

// Adds one input plane, spread by one kernel, to one output plane.
template <typename T>
void spread_plane(const Geometry& g, const T* in, const T* kernel, double* out) {
  for (int64_t y = 0; y < g.in_height; ++y, in += g.in_width)
    for (int64_t r = 0; r < g.vertical.kernel; ++r) {
      const int64_t row = g.vertical.at(y, r);
      if (row < 0 || row >= g.out_height) continue;
      for (int64_t s = 0; s < g.horizontal.kernel; ++s) {
        const auto weight = static_cast<double>(kernel[r * g.horizontal.kernel + s]);
        const Window::Span span = g.horizontal.inside(s, g.out_width, g.in_width);
        double* to = out + row * g.out_width;
        for (int64_t x = span.begin; x < span.end; ++x)
          to[g.horizontal.at(x, s)] += weight * static_cast<double>(in[x]);
      }
    }
}

template <typename T>
void spread(const ConvTranspose& op, const Inputs& in, const Geometry& g, Tensor& y) {
  const T* x = in[0].data<T>().data();
  const T* weights = in[1].data<T>().data();
  T* out = y.mutable_data<T>().data();
  const int64_t batch = in[0].shape()[0], channels_in = in[0].shape()[1];
  const int64_t channels_out = y.shape()[1], group_out = in[1].shape()[1];
  const int64_t group_in = channels_in / op.group;
  const int64_t in_plane = g.in_height * g.in_width, out_plane = g.out_height * g.out_width;
  const int64_t kernel = g.vertical.kernel * g.horizontal.kernel;
  std::vector<double> sums;  // of one plane, rounded once
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t o = 0; o < channels_out; ++o) {
      const T bias = in.has(2) ? in[2].data<T>()[static_cast<size_t>(o)] : T(0);
      sums.assign(static_cast<size_t>(out_plane), static_cast<double>(bias));
      for (int64_t i = 0; i < group_in; ++i) {
        const int64_t channel = o / group_out * group_in + i;
        spread_plane(g, x + (n * channels_in + channel) * in_plane,
                     weights + (channel * group_out + o % group_out) * kernel, sums.data());
      }
      for (double sum : sums) *out++ = static_cast<T>(sum);
    }
}

}  // namespace

Result<Outputs> evaluate(const ConvTranspose& op, const Inputs& in) {
  SHRIKE_TRY(in.expect_floats());
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const Shape &x = in[0].shape(), &w = in[1].shape(), &out = y.shape();
  const Geometry g{{w[2], op.strides[0], op.dilations[0], op.pads[0]},
                   {w[3], op.strides[1], op.dilations[1], op.pads[1]},
                   x[2],
                   x[3],
                   out[2],
                   out[3]};
  with_float_type(y.dtype(), [&]<typename T>() { spread<T>(op, in, g, y); });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
