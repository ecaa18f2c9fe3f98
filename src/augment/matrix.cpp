#include "augment/matrix.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace shrike {

Matrix operator*(const Matrix& a, const Matrix& b) {
  Matrix out;
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 3; ++column) {
      double sum = 0;
      for (size_t k = 0; k < 3; ++k) sum += a.m[3 * row + k] * b.m[3 * k + column];
      out.m[3 * row + column] = sum;
    }
  return out;
}

Matrix inverse(const Matrix& matrix) {
  const auto& m = matrix.m;
  const auto minor = [&](size_t a, size_t b, size_t c, size_t d) {
    return m[a] * m[d] - m[b] * m[c];
  };
  const double determinant =
      m[0] * minor(4, 5, 7, 8) - m[1] * minor(3, 5, 6, 8) + m[2] * minor(3, 4, 6, 7);
  assert(determinant != 0);
  Matrix out = {{minor(4, 5, 7, 8), -minor(1, 2, 7, 8), minor(1, 2, 4, 5),   //
                 -minor(3, 5, 6, 8), minor(0, 2, 6, 8), -minor(0, 2, 3, 5),  //
                 minor(3, 4, 6, 7), -minor(0, 1, 6, 7), minor(0, 1, 3, 4)}};
  for (double& value : out.m) value /= determinant;
  if (matrix.is_affine()) out.m[6] = out.m[7] = 0, out.m[8] = 1;  // -0 and the last bit
  return out;
}

Rect intersection(const Rect& a, const Rect& b) {
  Rect out = {std::max(a.x1, b.x1), std::max(a.y1, b.y1), std::min(a.x2, b.x2),
              std::min(a.y2, b.y2)};
  out.x2 = std::max(out.x1, out.x2);
  out.y2 = std::max(out.y1, out.y2);
  return out;
}

std::optional<Rect> around(const Matrix& matrix, const Rect& rect) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  const auto& m = matrix.m;
  Rect out = {kFar, kFar, -kFar, -kFar};
  for (const double x : {rect.x1, rect.x2})
    for (const double y : {rect.y1, rect.y2}) {
      const double w = m[6] * x + m[7] * y + m[8];
      if (!(w > 0)) return std::nullopt;
      const double px = (m[0] * x + m[1] * y + m[2]) / w, py = (m[3] * x + m[4] * y + m[5]) / w;
      out = {std::min(out.x1, px), std::min(out.y1, py), std::max(out.x2, px),
             std::max(out.y2, py)};
    }
  return out;
}

}  // namespace shrike
