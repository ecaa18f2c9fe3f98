#include <algorithm>
#include <array>
#include <cmath>

#include "reference/operators.h"

namespace shrike::reference {

namespace {

// An output element along one axis is the weighted sum of up to four input elements.
struct Taps {
  std::array<int64_t, 4> index{};
  std::array<float, 4> weight{};
};

struct AxisTaps {
  std::vector<Taps> taps;
  size_t count = 1;  // of the four, how many are in use
};

// Where output element `o` lies in the input. In float, like ONNX Runtime: where a coordinate
// falls on a boundary, rounding decides.
float coordinate(CoordinateMode mode, int64_t o, float scale, int64_t in, int64_t out) {
  const float x = static_cast<float>(o);
  switch (mode) {
    case CoordinateMode::kHalfPixel:
      return (x + 0.5f) / scale - 0.5f;
    case CoordinateMode::kPytorchHalfPixel:
      return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case CoordinateMode::kAlignCorners:
      return out == 1 ? 0.0f : x * static_cast<float>(in - 1) / static_cast<float>(out - 1);
    case CoordinateMode::kAsymmetric:
      break;
  }
  return x / scale;
}

float nearest(NearestMode mode, float x) {
  switch (mode) {
    case NearestMode::kRoundPreferFloor:
      return std::ceil(x - 0.5f);
    case NearestMode::kRoundPreferCeil:
      return std::floor(x + 0.5f);
    case NearestMode::kFloor:
      return std::floor(x);
    case NearestMode::kCeil:
      break;
  }
  return std::ceil(x);
}

// Keys' cubic convolution kernel with a = -0.75 at distances t + 1, t, 1 - t, 2 - t.
std::array<float, 4> cubic_weights(float t) {
  constexpr float a = -0.75f;
  const auto near = [](float d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [](float d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

AxisTaps taps_of(const Resize& op, int64_t in, int64_t out, float scale) {
  AxisTaps axis;
  axis.count = op.mode == ResizeMode::kNearest ? 1 : op.mode == ResizeMode::kLinear ? 2 : 4;
  const float last = static_cast<float>(in - 1);
  for (int64_t o = 0; o < out; ++o) {
    const float x = coordinate(op.coordinate_transformation_mode, o, scale, in, out);
    Taps taps;
    float first = 0;
    if (op.mode == ResizeMode::kNearest) {
      first = nearest(op.nearest_mode, x);
      taps.weight[0] = 1;
    } else if (op.mode == ResizeMode::kLinear) {
      const float inside = std::clamp(x, 0.0f, last);
      first = std::floor(inside);
      taps.weight = {1 - (inside - first), inside - first, 0, 0};
    } else {
      first = std::floor(x) - 1;
      taps.weight = cubic_weights(x - std::floor(x));
    }
    for (size_t k = 0; k < axis.count; ++k)
      taps.index[k] = std::min(
          static_cast<int64_t>(std::clamp(first + static_cast<float>(k), 0.0f, last)), in - 1);
    axis.taps.push_back(taps);
  }
  return axis;
}

template <typename T>
void resize_row(const AxisTaps& axis, const T* in, T* out) {
  for (const Taps& taps : axis.taps) {
    T sum = in[taps.index[0]];
    if (axis.count > 1) {
      sum *= static_cast<T>(taps.weight[0]);
      for (size_t k = 1; k < axis.count; ++k)
        sum += static_cast<T>(taps.weight[k]) * in[taps.index[k]];
    }
    *out++ = sum;
  }
}

// Every needed input row once, then their weighted sums.
template <typename T>
void resize_plane(const AxisTaps& vertical, const AxisTaps& horizontal, const T* in, int64_t height,
                  int64_t width, std::vector<T>& rows, T* out) {
  const int64_t out_width = static_cast<int64_t>(horizontal.taps.size());
  rows.resize(static_cast<size_t>(height * out_width));
  for (int64_t y = 0; y < height; ++y)
    resize_row(horizontal, in + y * width, rows.data() + y * out_width);
  for (const Taps& taps : vertical.taps) {
    const T* first = rows.data() + taps.index[0] * out_width;
    const T weight = static_cast<T>(taps.weight[0]);
    if (vertical.count == 1)
      std::copy_n(first, out_width, out);
    else
      for (int64_t x = 0; x < out_width; ++x) out[x] = weight * first[x];
    for (size_t k = 1; k < vertical.count; ++k) {
      const T* row = rows.data() + taps.index[k] * out_width;
      const T factor = static_cast<T>(taps.weight[k]);
      for (int64_t x = 0; x < out_width; ++x) out[x] += factor * row[x];
    }
    out += out_width;
  }
}

float scale_of(const Inputs& in, int axis, const Shape& y) {
  if (in.has(1)) return in[1].data<float>()[static_cast<size_t>(axis)];
  return static_cast<float>(y[axis]) / static_cast<float>(in[0].shape()[axis]);
}

}  // namespace

Result<Outputs> evaluate(const Resize& op, const Inputs& in) {
  if (op.mode != ResizeMode::kNearest && !is_float(in.given_dtype(0)))
    return in.fail("interpolates floats, not " + std::string(dtype_name(in.given_dtype(0))));
  SHRIKE_ASSIGN(Tensor y, in.output());
  const Shape &x = in[0].shape(), &out = y.shape();
  if (y.empty()) return Outputs{std::move(y)};
  if (x[2] == 0 || x[3] == 0) return in.fail("enlarges nothing");
  const AxisTaps vertical = taps_of(op, x[2], out[2], scale_of(in, 2, out));
  const AxisTaps horizontal = taps_of(op, x[3], out[3], scale_of(in, 3, out));
  SHRIKE_TRY(in.expect_within_limit(y.dtype(), Shape{x[2], out[3]}));
  with_compute_type(y.dtype(), [&]<typename T>() {
    std::vector<T> rows;
    for (int64_t p = 0; p < out[0] * out[1]; ++p)
      resize_plane(vertical, horizontal, in[0].data<T>().data() + p * x[2] * x[3], x[2], x[3], rows,
                   y.mutable_data<T>().data() + p * out[2] * out[3]);
  });
  return Outputs{std::move(y)};
}

}  // namespace shrike::reference
