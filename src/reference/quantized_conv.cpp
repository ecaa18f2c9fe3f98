#include <algorithm>
#include <cmath>

#include "reference/operators.h"
#include "reference/quantized_range.h"
#include "reference/unary.h"
#include "reference/window.h"

namespace shrike::reference {

namespace {

class QuantizedConvolution {
 public:
  QuantizedConvolution(const QConv& op, const Inputs& in, const Shape& y)
      : op_(op),
        x_(in[0].data<int64_t>().data()),
        weights_(in[1].data<int64_t>().data()),
        in_(in[0].shape()),
        kernel_(in[1].shape()),
        out_(y),
        vertical_(window_of(op, 0, kernel_[2], op.dilations[0], in_[2], out_[2])),
        horizontal_(window_of(op, 1, kernel_[3], op.dilations[1], in_[3], out_[3])) {}

  // The exact sums of one output channel of one picture, without the bias, row by row.
  void sum_plane(int64_t image, int64_t channel, std::span<int64_t> sums) const {
    std::fill(sums.begin(), sums.end(), 0);
    const int64_t group_out = out_[1] / op_.group;
    const int64_t first = image * in_[1] + channel / group_out * kernel_[1];
    const int64_t* taps = weights_ + channel * kernel_[1] * kernel_[2] * kernel_[3];
    for (int64_t c = 0; c < kernel_[1]; ++c)
      for (int64_t r = 0; r < kernel_[2]; ++r)
        for (int64_t s = 0; s < kernel_[3]; ++s)
          add_tap(x_ + (first + c) * in_[2] * in_[3], r, s, *taps++, sums);
  }

 private:
  // What lies outside the map is zero, which is x_zero there.
  void add_tap(const int64_t* plane, int64_t r, int64_t s, int64_t weight,
               std::span<int64_t> sums) const {
    const Window::Span rows = vertical_.inside(r, in_[2], out_[2]);
    const Window::Span columns = horizontal_.inside(s, in_[3], out_[3]);
    for (int64_t y = rows.begin; y < rows.end; ++y)
      for (int64_t x = columns.begin; x < columns.end; ++x)
        sums[static_cast<size_t>(y * out_[3] + x)] +=
            weight * (plane[vertical_.at(y, r) * in_[3] + horizontal_.at(x, s)] - op_.x_zero);
  }

  const QConv& op_;
  const int64_t* x_;
  const int64_t* weights_;
  const Shape &in_, &kernel_, &out_;
  Window vertical_, horizontal_;
};

double residual_at(const QConv& op, const Inputs& in, size_t i) {
  if (!in.has(4)) return 0;
  if (in.given_dtype(4) == DType::kF32) return static_cast<double>(in[4].data<float>()[i]);
  return static_cast<double>(in[4].data<int64_t>()[i] - op.residual_zero) *
         static_cast<double>(op.residual_scale);
}

void store(const QConv& op, double value, size_t i, Tensor& y) {
  if (op.to == DType::kF32) {
    y.mutable_data<float>()[i] = static_cast<float>(value);
    return;
  }
  y.mutable_data<int64_t>()[i] =
      quantized(value / static_cast<double>(op.y_scale), op.y_zero, range_of(op.to));
}

}  // namespace

Result<Outputs> evaluate(const QConv& op, const Inputs& in) {
  if (op.activation == UnaryKind::kNot) return in.fail("an activation that is none");
  SHRIKE_ASSIGN(Tensor y, in.output());
  if (y.empty()) return Outputs{std::move(y)};
  const Shape& out = y.shape();
  const auto plane = static_cast<size_t>(out[2] * out[3]);
  const QuantizedConvolution convolution(op, in, out);
  const std::span<const float> scales = in[2].data<float>();
  std::vector<int64_t> sums(plane);
  std::vector<double> values(plane);
  for (int64_t p = 0; p < out[0] * out[1]; ++p) {
    const auto channel = static_cast<size_t>(p % out[1]);
    convolution.sum_plane(p / out[1], p % out[1], sums);
    const int64_t bias = in.has(3) ? in[3].data<int64_t>()[channel] : 0;
    const double scale = static_cast<double>(op.x_scale) * static_cast<double>(scales[channel]);
    for (size_t i = 0; i < plane; ++i)
      values[i] = (static_cast<double>(sums[i]) + static_cast<double>(bias)) * scale;
    apply_unary<double>({op.activation, op.alpha, op.beta}, values, values);
    for (size_t i = 0; i < plane; ++i) {
      const size_t at = static_cast<size_t>(p) * plane + i;
      store(op, values[i] + residual_at(op, in, at), at, y);
    }
  }
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
