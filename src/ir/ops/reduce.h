// Operators that combine many elements: products, softmax, reductions, orderings.
#pragma once

#include <span>
#include <vector>

#include "ir/field.h"

namespace shrike {

// Batched matrix product, NumPy's rules for ranks other than 2.
struct MatMul {
  static constexpr std::string_view kName = "MatMul";
  bool operator==(const MatMul&) const = default;
};

// y = alpha * A' * B' + beta * C; inputs A, B, optional C (broadcast).
struct Gemm {
  static constexpr std::string_view kName = "Gemm";
  float alpha = 1;
  float beta = 1;
  int64_t trans_a = 0;
  int64_t trans_b = 0;
  static constexpr auto fields() {
    return std::tuple{field("alpha", &Gemm::alpha), field("beta", &Gemm::beta),
                      field("transA", &Gemm::trans_a), field("transB", &Gemm::trans_b)};
  }
  bool operator==(const Gemm&) const = default;
};

// exp(x - max) / sum along one axis.
struct Softmax {
  static constexpr std::string_view kName = "Softmax";
  int64_t axis = -1;
  static constexpr auto fields() { return std::tuple{field("axis", &Softmax::axis)}; }
  bool operator==(const Softmax&) const = default;
};

enum class ReduceKind : uint8_t { kMax, kMin, kSum, kMean, kProd };
inline constexpr EnumName<ReduceKind> kReduceKinds[] = {
    {ReduceKind::kMax, "ReduceMax"},   {ReduceKind::kMin, "ReduceMin"},
    {ReduceKind::kSum, "ReduceSum"},   {ReduceKind::kMean, "ReduceMean"},
    {ReduceKind::kProd, "ReduceProd"},
};
constexpr std::span<const EnumName<ReduceKind>> enum_names(ReduceKind) { return kReduceKinds; }

// Input: x, optional axes (i64); without axes all of them, or none with noop_with_empty_axes.
struct Reduce {
  ReduceKind kind = ReduceKind::kMax;
  int64_t keepdims = 1;
  int64_t noop_with_empty_axes = 0;
  static constexpr auto fields() {
    return std::tuple{field("keepdims", &Reduce::keepdims),
                      field("noop_with_empty_axes", &Reduce::noop_with_empty_axes)};
  }
  bool operator==(const Reduce&) const = default;
};

// Index (i64) of the largest element; the first of equals unless select_last_index.
struct ArgMax {
  static constexpr std::string_view kName = "ArgMax";
  int64_t axis = 0;
  int64_t keepdims = 1;
  int64_t select_last_index = 0;
  static constexpr auto fields() {
    return std::tuple{field("axis", &ArgMax::axis), field("keepdims", &ArgMax::keepdims),
                      field("select_last_index", &ArgMax::select_last_index)};
  }
  bool operator==(const ArgMax&) const = default;
};

// Inputs: x, k (i64). Outputs: values, indices (i64); equal values in index order.
struct TopK {
  static constexpr std::string_view kName = "TopK";
  int64_t axis = -1;
  int64_t largest = 1;
  int64_t sorted = 1;
  static constexpr auto fields() {
    return std::tuple{field("axis", &TopK::axis), field("largest", &TopK::largest),
                      field("sorted", &TopK::sorted)};
  }
  bool operator==(const TopK&) const = default;
};

// Running sum; input: x, axis (scalar).
struct CumSum {
  static constexpr std::string_view kName = "CumSum";
  int64_t exclusive = 0;
  int64_t reverse = 0;
  static constexpr auto fields() {
    return std::tuple{field("exclusive", &CumSum::exclusive), field("reverse", &CumSum::reverse)};
  }
  bool operator==(const CumSum&) const = default;
};

// Indices of the non-zero elements: (rank, count), count known only when run.
struct NonZero {
  static constexpr std::string_view kName = "NonZero";
  bool operator==(const NonZero&) const = default;
};

// Inputs: boxes (N, A, 4), scores (N, C, A), optional max_output_boxes_per_class, iou_threshold,
// score_threshold. Output: (count, 3) rows of batch, class, box index; count known only when run.
// Boxes are y1,x1,y2,x2 (any two opposite corners), or cx,cy,w,h with center_point_box.
struct NonMaxSuppression {
  static constexpr std::string_view kName = "NonMaxSuppression";
  int64_t center_point_box = 0;
  static constexpr auto fields() {
    return std::tuple{field("center_point_box", &NonMaxSuppression::center_point_box)};
  }
  bool operator==(const NonMaxSuppression&) const = default;
};

}  // namespace shrike
