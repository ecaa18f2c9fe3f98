// Shape: the extents of a tensor, outermost first (N, C, H, W for pictures and feature maps).
//
// An extent of kDynamic (-1) is not known yet; a tensor that holds data has none. Products are
// overflow-safe: element_count refuses what does not fit, so a size from a file can be passed in.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace shrike {

inline constexpr int64_t kDynamic = -1;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  int64_t operator[](int axis) const { return dims_[static_cast<size_t>(axis)]; }
  int64_t& operator[](int axis) { return dims_[static_cast<size_t>(axis)]; }
  const std::vector<int64_t>& dims() const { return dims_; }
  auto begin() const { return dims_.begin(); }
  auto end() const { return dims_.end(); }

  bool is_static() const;

  // Product of the extents, 1 for a scalar; nothing if an extent is dynamic or negative, or the
  // product passes 2^48 (no machine holds it, and no later arithmetic on it can overflow).
  std::optional<int64_t> element_count() const;

  // Row-major strides in elements. Requires is_static().
  std::vector<int64_t> strides() const;

  bool operator==(const Shape&) const = default;

 private:
  std::vector<int64_t> dims_;
};

// "1x3x640x640"; dynamic extents as "?", a scalar as "scalar".
std::string to_string(const Shape& shape);

// An axis as ONNX counts it (negative from the end) as 0..rank-1; nothing when out of range.
std::optional<int> normalize_axis(int64_t axis, int rank);

// a * b, nothing on overflow.
std::optional<int64_t> checked_mul(int64_t a, int64_t b);

}  // namespace shrike
