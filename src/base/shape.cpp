#include "base/shape.h"

namespace shrike {

namespace {
constexpr int64_t kMaxElements = int64_t{1} << 48;
}

bool Shape::is_static() const {
  for (int64_t dim : dims_)
    if (dim < 0) return false;
  return true;
}

std::optional<int64_t> Shape::element_count() const {
  // A zero anywhere makes the count zero, but the others are still checked.
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : dims_) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (dim > kMaxElements / count) return std::nullopt;
    count *= dim;
  }
  return empty ? 0 : count;
}

std::vector<int64_t> Shape::strides() const {
  std::vector<int64_t> strides(dims_.size(), 1);
  for (size_t i = dims_.size(); i-- > 1;) strides[i - 1] = strides[i] * dims_[i];
  return strides;
}

std::string to_string(const Shape& shape) {
  if (shape.rank() == 0) return "scalar";
  std::string text;
  for (int64_t dim : shape) {
    if (!text.empty()) text += 'x';
    text += dim < 0 ? "?" : std::to_string(dim);
  }
  return text;
}

std::optional<int> normalize_axis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return std::nullopt;
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::optional<int64_t> checked_mul(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

}  // namespace shrike
