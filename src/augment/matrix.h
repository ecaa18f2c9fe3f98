// Matrix: a projective map of the plane, 3x3 in doubles, and what it does to boxes.
//
//   (x', y') = ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w),  w = m6 x + m7 y + m8
//
// Coordinates are continuous, as in vision/box.h: the pixel in column x covers x to x + 1.
#pragma once

#include <array>
#include <optional>

namespace shrike {

struct Matrix {
  std::array<double, 9> m = {1, 0, 0, 0, 1, 0, 0, 0, 1};  // row by row

  static Matrix translation(double x, double y) { return {{1, 0, x, 0, 1, y, 0, 0, 1}}; }
  static Matrix scaling(double x, double y) { return {{x, 0, 0, 0, y, 0, 0, 0, 1}}; }

  bool is_affine() const { return m[6] == 0 && m[7] == 0 && m[8] == 1; }

  bool operator==(const Matrix&) const = default;
};

// First b, then a.
Matrix operator*(const Matrix& a, const Matrix& b);

// Not scaled: m * inverse(m) is the identity itself. Requires a determinant that is not 0.
Matrix inverse(const Matrix& matrix);

// A box of an object: left, top, right, bottom.
struct Rect {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;

  double width() const { return x2 - x1; }
  double height() const { return y2 - y1; }
  double area() const { return width() * height(); }

  bool operator==(const Rect&) const = default;
};

// What both have in common; without area where they have nothing.
Rect intersection(const Rect& a, const Rect& b);

// The smallest box around the four corners where the map puts them; none where one lies on or
// behind the horizon (w <= 0).
std::optional<Rect> around(const Matrix& matrix, const Rect& rect);

}  // namespace shrike
