// Operators on feature maps (N, C, H, W): convolutions with weights (O, I/g, kH, kW), pooling,
// resize.
#pragma once

#include <string>
#include <vector>

#include "ir/ops/elementwise.h"

namespace shrike {

enum class AutoPad : uint8_t { kNotSet, kSameUpper, kSameLower, kValid };

inline constexpr EnumName<AutoPad> kAutoPads[] = {
    {AutoPad::kNotSet, "NOTSET"},
    {AutoPad::kSameUpper, "SAME_UPPER"},
    {AutoPad::kSameLower, "SAME_LOWER"},
    {AutoPad::kValid, "VALID"},
};
constexpr std::span<const EnumName<AutoPad>> enum_names(AutoPad) { return kAutoPads; }

// y[n,o,h,w] = f(bias[o] + sum over i,r,s of x[n, i, h*stride + r*dilation - pad, ...] *
// w[o,i,r,s])
//              + residual[n,o,h,w]
// Inputs: x, weights, optional bias (O), optional residual (shape of y). f is `activation`, with
// its alpha and beta (ops/elementwise.h); Identity and no residual in a graph that can be saved as
// ONNX. pads are top, left, bottom, right.
struct Conv {
  static constexpr std::string_view kName = "Conv";
  std::vector<int64_t> strides = {1, 1};
  std::vector<int64_t> pads = {0, 0, 0, 0};
  std::vector<int64_t> dilations = {1, 1};
  int64_t group = 1;
  AutoPad auto_pad = AutoPad::kNotSet;
  UnaryKind activation = UnaryKind::kIdentity;
  float alpha = 0;
  float beta = 0;

  static constexpr auto fields() {
    return std::tuple{field("strides", &Conv::strides),     field("pads", &Conv::pads),
                      field("dilations", &Conv::dilations), field("group", &Conv::group),
                      field("auto_pad", &Conv::auto_pad),   field("activation", &Conv::activation),
                      field("alpha", &Conv::alpha),         field("beta", &Conv::beta)};
  }
  bool operator==(const Conv&) const = default;
};

// The adjoint of Conv: each input pixel adds its weighted kernel to the output.
// Inputs: x, weights (I, O/g, kH, kW), optional bias (O).
// Output extent: (in-1)*stride + (k-1)*dilation + 1 - pads + output_padding.
struct ConvTranspose {
  static constexpr std::string_view kName = "ConvTranspose";
  std::vector<int64_t> strides = {1, 1};
  std::vector<int64_t> pads = {0, 0, 0, 0};
  std::vector<int64_t> dilations = {1, 1};
  std::vector<int64_t> output_padding = {0, 0};
  int64_t group = 1;

  static constexpr auto fields() {
    return std::tuple{field("strides", &ConvTranspose::strides),
                      field("pads", &ConvTranspose::pads),
                      field("dilations", &ConvTranspose::dilations),
                      field("output_padding", &ConvTranspose::output_padding),
                      field("group", &ConvTranspose::group)};
  }
  bool operator==(const ConvTranspose&) const = default;
};

// y = scale * (x - mean) / sqrt(var + epsilon) + bias, per channel (axis 1).
// Inputs: x, scale, bias, mean, var, each of the four (C).
struct BatchNorm {
  static constexpr std::string_view kName = "BatchNormalization";
  float epsilon = 1e-5f;

  static constexpr auto fields() { return std::tuple{field("epsilon", &BatchNorm::epsilon)}; }
  bool operator==(const BatchNorm&) const = default;
};

// Windows over (N, C, H, W). AveragePool divides by the pixels inside the picture, or by the whole
// window with count_include_pad.
struct MaxPool {
  static constexpr std::string_view kName = "MaxPool";
  std::vector<int64_t> kernel_shape = {1, 1};
  std::vector<int64_t> strides = {1, 1};
  std::vector<int64_t> pads = {0, 0, 0, 0};
  std::vector<int64_t> dilations = {1, 1};
  int64_t ceil_mode = 0;
  AutoPad auto_pad = AutoPad::kNotSet;

  static constexpr auto fields() {
    return std::tuple{required_field("kernel_shape", &MaxPool::kernel_shape),
                      field("strides", &MaxPool::strides),
                      field("pads", &MaxPool::pads),
                      field("dilations", &MaxPool::dilations),
                      field("ceil_mode", &MaxPool::ceil_mode),
                      field("auto_pad", &MaxPool::auto_pad)};
  }
  bool operator==(const MaxPool&) const = default;
};

struct AveragePool {
  static constexpr std::string_view kName = "AveragePool";
  std::vector<int64_t> kernel_shape = {1, 1};
  std::vector<int64_t> strides = {1, 1};
  std::vector<int64_t> pads = {0, 0, 0, 0};
  int64_t ceil_mode = 0;
  int64_t count_include_pad = 0;
  AutoPad auto_pad = AutoPad::kNotSet;

  static constexpr auto fields() {
    return std::tuple{required_field("kernel_shape", &AveragePool::kernel_shape),
                      field("strides", &AveragePool::strides),
                      field("pads", &AveragePool::pads),
                      field("ceil_mode", &AveragePool::ceil_mode),
                      field("count_include_pad", &AveragePool::count_include_pad),
                      field("auto_pad", &AveragePool::auto_pad)};
  }
  bool operator==(const AveragePool&) const = default;
};

// Mean over H and W: (N, C, 1, 1).
struct GlobalAveragePool {
  static constexpr std::string_view kName = "GlobalAveragePool";
  bool operator==(const GlobalAveragePool&) const = default;
};

enum class ResizeMode : uint8_t { kNearest, kLinear, kCubic };
inline constexpr EnumName<ResizeMode> kResizeModes[] = {
    {ResizeMode::kNearest, "nearest"},
    {ResizeMode::kLinear, "linear"},
    {ResizeMode::kCubic, "cubic"},
};
constexpr std::span<const EnumName<ResizeMode>> enum_names(ResizeMode) { return kResizeModes; }

enum class CoordinateMode : uint8_t { kHalfPixel, kPytorchHalfPixel, kAlignCorners, kAsymmetric };
inline constexpr EnumName<CoordinateMode> kCoordinateModes[] = {
    {CoordinateMode::kHalfPixel, "half_pixel"},
    {CoordinateMode::kPytorchHalfPixel, "pytorch_half_pixel"},
    {CoordinateMode::kAlignCorners, "align_corners"},
    {CoordinateMode::kAsymmetric, "asymmetric"},
};
constexpr std::span<const EnumName<CoordinateMode>> enum_names(CoordinateMode) {
  return kCoordinateModes;
}

enum class NearestMode : uint8_t { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
inline constexpr EnumName<NearestMode> kNearestModes[] = {
    {NearestMode::kRoundPreferFloor, "round_prefer_floor"},
    {NearestMode::kRoundPreferCeil, "round_prefer_ceil"},
    {NearestMode::kFloor, "floor"},
    {NearestMode::kCeil, "ceil"},
};
constexpr std::span<const EnumName<NearestMode>> enum_names(NearestMode) { return kNearestModes; }

// Inputs: x, optional scales (f32, rank of x), optional sizes (i64, rank of x): one of the two.
// Only H and W may change.
struct Resize {
  static constexpr std::string_view kName = "Resize";
  ResizeMode mode = ResizeMode::kNearest;
  CoordinateMode coordinate_transformation_mode = CoordinateMode::kHalfPixel;
  NearestMode nearest_mode = NearestMode::kRoundPreferFloor;

  static constexpr auto fields() {
    return std::tuple{
        field("mode", &Resize::mode),
        field("coordinate_transformation_mode", &Resize::coordinate_transformation_mode),
        field("nearest_mode", &Resize::nearest_mode)};
  }
  bool operator==(const Resize&) const = default;
};

}  // namespace shrike
