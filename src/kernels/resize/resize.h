// Resizing of one picture, NHWC, as ONNX's Resize of height and width does it.
//
// The source coordinate of output row y (columns likewise), with scale = out / in as given:
//   kAsymmetric        y / scale
//   kHalfPixel         (y + 0.5) / scale - 0.5
//   kPytorchHalfPixel  the same, but 0 where out_height is 1
//   kAlignCorners      y * (in - 1) / (out - 1), 0 where out_height is 1
// kNearest takes the pixel at that coordinate rounded as `rounding` says, clamped into the map;
// kLinear blends the four pixels around it, the coordinate clamped to 0 .. in - 1.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/select.h"
#include "kernels/view.h"

namespace shrike::kernels {

enum class ResizeMode : uint8_t { kNearest, kLinear };
enum class ResizeCoordinate : uint8_t {
  kAsymmetric,
  kHalfPixel,
  kPytorchHalfPixel,
  kAlignCorners,
};
enum class NearestRounding : uint8_t { kFloor, kCeil, kRoundPreferFloor, kRoundPreferCeil };

struct ResizeProblem {
  ResizeMode mode = ResizeMode::kNearest;
  ResizeCoordinate coordinate = ResizeCoordinate::kAsymmetric;
  NearestRounding rounding = NearestRounding::kFloor;
  int64_t channels = 0;
  int64_t in_height = 0, in_width = 0;
  int64_t out_height = 0, out_width = 0;
  float scale_h = 1, scale_w = 1;  // out / in; as the model gives it where it gives scales
};

struct ResizeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ResizeProblem&);
  void (*run)(const ResizeProblem&, const ConstMapView& input, const MapView& output, ThreadPool&);
};

std::span<const ResizeKernel> resize_kernels();

// The same for maps of bytes and of words, kNearest alone.
template <typename T>
struct IntegerResizeKernel {
  const char* name;
  CpuNeed need;
  const char* (*refuse)(const ResizeProblem&);
  void (*run)(const ResizeProblem&, const BasicMapView<const T>& input,
              const BasicMapView<T>& output, ThreadPool&);
};

std::span<const IntegerResizeKernel<uint8_t>> byte_resize_kernels();
std::span<const IntegerResizeKernel<int16_t>> word_resize_kernels();

}  // namespace shrike::kernels
