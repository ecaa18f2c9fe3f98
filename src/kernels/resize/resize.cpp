#include "kernels/resize/resize.h"

#include <algorithm>

#include "kernels/resize/coordinates.h"

namespace shrike::kernels {

namespace {

void blend_row(const ResizeProblem& p, const ConstMapView& input, const MapView& output,
               int64_t y) {
  const ResizeAxis columns = horizontal_axis(p);
  const ResizeAxis::Blend v = vertical_axis(p).linear(y);
  for (int64_t x = 0; x < p.out_width; ++x) {
    const ResizeAxis::Blend u = columns.linear(x);
    const float *a = input.at(v.low, u.low), *b = input.at(v.low, u.high);
    const float *c = input.at(v.high, u.low), *d = input.at(v.high, u.high);
    float* out = output.at(y, x);
    for (int64_t i = 0; i < p.channels; ++i) {
      const float top = a[i] + (b[i] - a[i]) * u.weight;
      const float bottom = c[i] + (d[i] - c[i]) * u.weight;
      out[i] = top + (bottom - top) * v.weight;
    }
  }
}

void run_linear(const ResizeProblem& p, const ConstMapView& input, const MapView& output,
                ThreadPool& pool) {
  pool.parallel_for(p.out_height, [&](int64_t y, int) { blend_row(p, input, output, y); });
}

template <typename T>
void run_nearest(const ResizeProblem& p, const BasicMapView<const T>& input,
                 const BasicMapView<T>& output, ThreadPool& pool) {
  const ResizeAxis rows = vertical_axis(p), columns = horizontal_axis(p);
  pool.parallel_for(p.out_height, [&](int64_t y, int) {
    for (int64_t x = 0; x < p.out_width; ++x)
      std::copy_n(input.at(rows.nearest(y), columns.nearest(x)), p.channels, output.at(y, x));
  });
}

void run_reference(const ResizeProblem& p, const ConstMapView& input, const MapView& output,
                   ThreadPool& pool) {
  if (p.mode == ResizeMode::kLinear) {
    run_linear(p, input, output, pool);
  } else {
    run_nearest(p, input, output, pool);
  }
}

// Whether each source pixel becomes exactly `factor` neighbours along an axis.
bool repeats(const ResizeAxis& axis) {
  if (axis.in < 1 || axis.out % axis.in != 0) return false;
  const int64_t factor = axis.out / axis.in;
  for (int64_t i = 0; i < axis.out; ++i)
    if (axis.nearest(i) != i / factor) return false;
  return true;
}

const char* refuse_repeat(const ResizeProblem& p) {
  if (p.mode != ResizeMode::kNearest) return "not nearest";
  if (!repeats(vertical_axis(p)) || !repeats(horizontal_axis(p)))
    return "pixels are not repeated a whole number of times";
  return nullptr;
}

template <typename T>
void run_repeat(const ResizeProblem& p, const BasicMapView<const T>& input,
                const BasicMapView<T>& output, ThreadPool& pool) {
  const int64_t down = p.out_height / p.in_height, across = p.out_width / p.in_width;
  pool.parallel_for(p.out_height, [&](int64_t y, int) {
    const T* in = input.at(y / down, 0);
    T* out = output.at(y, 0);
    for (int64_t x = 0; x < p.in_width; ++x, in += input.pixel_stride)
      for (int64_t i = 0; i < across; ++i, out += output.pixel_stride)
        std::copy_n(in, p.channels, out);
  });
}

constexpr ResizeKernel kResizeKernels[] = {
    {"repeat", CpuNeed::kNothing, refuse_repeat, run_repeat<float>},
    {"reference", CpuNeed::kNothing, nullptr, run_reference},
};

const char* refuse_linear(const ResizeProblem& p) {
  return p.mode == ResizeMode::kNearest ? nullptr : "not nearest";
}

template <typename T>
constexpr IntegerResizeKernel<T> kIntegerResizeKernels[] = {
    {"repeat", CpuNeed::kNothing, refuse_repeat, run_repeat<T>},
    {"reference", CpuNeed::kNothing, refuse_linear, run_nearest<T>},
};

}  // namespace

std::span<const ResizeKernel> resize_kernels() { return kResizeKernels; }
std::span<const IntegerResizeKernel<uint8_t>> byte_resize_kernels() {
  return kIntegerResizeKernels<uint8_t>;
}
std::span<const IntegerResizeKernel<int16_t>> word_resize_kernels() {
  return kIntegerResizeKernels<int16_t>;
}

}  // namespace shrike::kernels
