// Operators that move or select elements without computing on them. Shapes, axes, starts and the
// like are inputs (i64) as in ONNX; they are usually constants once the picture's size is known.
// kNoArithmetic (ir/op.h) marks those that take every element type; Range adds and is none of them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "ir/field.h"

namespace shrike {

struct Concat {
  static constexpr std::string_view kName = "Concat";
  static constexpr bool kNoArithmetic = true;
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple{required_field("axis", &Concat::axis)}; }
  bool operator==(const Concat&) const = default;
};

// Inputs: x, optional sizes (i64, one per output); without them the parts are equal, but for a
// smaller last one (or several, the very last empty) where the extent does not divide.
struct Split {
  static constexpr std::string_view kName = "Split";
  static constexpr bool kNoArithmetic = true;
  int64_t axis = 0;

  // The sizes of `parts` parts where none are given.
  static std::vector<int64_t> equal_sizes(int64_t extent, int64_t parts) {
    const int64_t part = (extent + parts - 1) / parts;
    std::vector<int64_t> sizes;
    for (int64_t i = 0; i < parts; ++i)
      sizes.push_back(std::clamp<int64_t>(extent - i * part, 0, part));
    return sizes;
  }

  static constexpr auto fields() { return std::tuple{field("axis", &Split::axis)}; }
  bool operator==(const Split&) const = default;
};

// Inputs: x, starts, ends, optional axes, optional steps. Out-of-range bounds are clamped.
struct Slice {
  static constexpr std::string_view kName = "Slice";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Slice&) const = default;
};

// y = x taken at the indices along the axis; negative indices count from the end.
struct Gather {
  static constexpr std::string_view kName = "Gather";
  static constexpr bool kNoArithmetic = true;
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple{field("axis", &Gather::axis)}; }
  bool operator==(const Gather&) const = default;
};

struct GatherElements {
  static constexpr std::string_view kName = "GatherElements";
  static constexpr bool kNoArithmetic = true;
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple{field("axis", &GatherElements::axis)}; }
  bool operator==(const GatherElements&) const = default;
};

struct GatherND {
  static constexpr std::string_view kName = "GatherND";
  static constexpr bool kNoArithmetic = true;
  int64_t batch_dims = 0;
  static constexpr auto fields() { return std::tuple{field("batch_dims", &GatherND::batch_dims)}; }
  bool operator==(const GatherND&) const = default;
};

// Inputs: x, indices, updates; later updates win.
struct ScatterND {
  static constexpr std::string_view kName = "ScatterND";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const ScatterND&) const = default;
};

struct ScatterElements {
  static constexpr std::string_view kName = "ScatterElements";
  static constexpr bool kNoArithmetic = true;
  int64_t axis = 0;
  static constexpr auto fields() { return std::tuple{field("axis", &ScatterElements::axis)}; }
  bool operator==(const ScatterElements&) const = default;
};

// Inputs: x, shape. 0 copies the input's extent (unless allowzero), -1 is what remains.
struct Reshape {
  static constexpr std::string_view kName = "Reshape";
  static constexpr bool kNoArithmetic = true;
  int64_t allowzero = 0;
  static constexpr auto fields() { return std::tuple{field("allowzero", &Reshape::allowzero)}; }
  bool operator==(const Reshape&) const = default;
};

// Empty perm reverses the axes.
struct Transpose {
  static constexpr std::string_view kName = "Transpose";
  static constexpr bool kNoArithmetic = true;
  std::vector<int64_t> perm;
  static constexpr auto fields() { return std::tuple{field("perm", &Transpose::perm)}; }
  bool operator==(const Transpose&) const = default;
};

// Inputs: x, optional axes (without them every extent of 1 goes).
struct Squeeze {
  static constexpr std::string_view kName = "Squeeze";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Squeeze&) const = default;
};

// Inputs: x, axes.
struct Unsqueeze {
  static constexpr std::string_view kName = "Unsqueeze";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Unsqueeze&) const = default;
};

struct Flatten {
  static constexpr std::string_view kName = "Flatten";
  static constexpr bool kNoArithmetic = true;
  int64_t axis = 1;
  static constexpr auto fields() { return std::tuple{field("axis", &Flatten::axis)}; }
  bool operator==(const Flatten&) const = default;
};

// Inputs: x, shape; broadcasts both ways.
struct Expand {
  static constexpr std::string_view kName = "Expand";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Expand&) const = default;
};

// Inputs: x, repeats.
struct Tile {
  static constexpr std::string_view kName = "Tile";
  static constexpr bool kNoArithmetic = true;
  bool operator==(const Tile&) const = default;
};

enum class PadMode : uint8_t { kConstant, kReflect, kEdge };
inline constexpr EnumName<PadMode> kPadModes[] = {
    {PadMode::kConstant, "constant"}, {PadMode::kReflect, "reflect"}, {PadMode::kEdge, "edge"}};
constexpr std::span<const EnumName<PadMode>> enum_names(PadMode) { return kPadModes; }

// Inputs: x, pads (begin of every axis, then end of every axis; negative crops), optional value.
struct Pad {
  static constexpr std::string_view kName = "Pad";
  static constexpr bool kNoArithmetic = true;
  PadMode mode = PadMode::kConstant;
  static constexpr auto fields() { return std::tuple{field("mode", &Pad::mode)}; }
  bool operator==(const Pad&) const = default;
};

enum class DepthOrder : uint8_t { kDcr, kCrd };
inline constexpr EnumName<DepthOrder> kDepthOrders[] = {{DepthOrder::kDcr, "DCR"},
                                                        {DepthOrder::kCrd, "CRD"}};
constexpr std::span<const EnumName<DepthOrder>> enum_names(DepthOrder) { return kDepthOrders; }

struct DepthToSpace {
  static constexpr std::string_view kName = "DepthToSpace";
  static constexpr bool kNoArithmetic = true;
  int64_t blocksize = 1;
  DepthOrder mode = DepthOrder::kDcr;
  static constexpr auto fields() {
    return std::tuple{required_field("blocksize", &DepthToSpace::blocksize),
                      field("mode", &DepthToSpace::mode)};
  }
  bool operator==(const DepthToSpace&) const = default;
};

struct SpaceToDepth {
  static constexpr std::string_view kName = "SpaceToDepth";
  static constexpr bool kNoArithmetic = true;
  int64_t blocksize = 1;
  static constexpr auto fields() {
    return std::tuple{required_field("blocksize", &SpaceToDepth::blocksize)};
  }
  bool operator==(const SpaceToDepth&) const = default;
};

// The extents of x from axis `start` to before `end`, as i64. Both count from the last axis where
// negative, and are clamped to the axes there are.
struct ShapeOf {
  static constexpr std::string_view kName = "Shape";
  static constexpr bool kNoArithmetic = true;
  int64_t start = 0;
  int64_t end = INT64_MAX;

  // The axes of an x of this rank that are told: first <= last, last not among them.
  struct Axes {
    int first, last;
  };
  constexpr Axes axes(int rank) const {
    const auto clamp = [rank](int64_t i) {
      return static_cast<int>(std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank));
    };
    return {clamp(start), std::max(clamp(start), clamp(end))};
  }
  static constexpr auto fields() {
    return std::tuple{field("start", &ShapeOf::start), field("end", &ShapeOf::end)};
  }
  bool operator==(const ShapeOf&) const = default;
};

// Input: shape. Every element is `value` (one element; its type is the output's).
struct ConstantOfShape {
  static constexpr std::string_view kName = "ConstantOfShape";
  static constexpr bool kNoArithmetic = true;
  Tensor value = Tensor::from<float>(Shape{1}, {0.0f});
  static constexpr auto fields() { return std::tuple{field("value", &ConstantOfShape::value)}; }
  bool operator==(const ConstantOfShape&) const = default;
};

// Inputs: start, limit, delta (scalars): start + i * delta while below the limit.
struct Range {
  static constexpr std::string_view kName = "Range";
  bool operator==(const Range&) const = default;
};

}  // namespace shrike
