// The numbers of F(m, 3) at stride 1, derived from its points. polyphase.h is its like at stride 2.
//
// m outputs y_r = sum over t < 3 of d[r + t] g[t] are the coefficients x^r of a product of
// polynomials read backwards, and polynomials are multiplied through their values at m + 2 points:
// here +-p_1 .. +-p_P, infinity and, for an even m, 0. With u = G g and v = B^T d, y = A^T (u v),
// where
//   B^T: row of the point a   the coefficients of prod over the other finite points b of (x - b)
//        row of infinity      those of prod over all finite points
//   G:   row of a             (1, a, a^2) / prod over the other finite points b of (a - b)
//        row of infinity      (0, 0, 1)
//   A^T: column of a          (1, a, a^2, ..); column of infinity (0, .., 0, 1)
// Order of the points: 0 where it is one, p_1, -p_1, p_2, -p_2, .., infinity. In two dimensions
// both are applied along columns and along rows. A pair's rows of G are multiplied by a power of
// two, its `balance`, and its columns of A^T divided by it: pairs.h wants weights that are at all
// points as much smaller than inputs, and no result has other bits. (Lavin and Gray, arXiv
// 1509.09308; the points' influence on rounding: Barabasz et al., arXiv 1803.10986.)
//
// As the points come in pairs, everything is made of polynomials in y = x^2: with
//   q_i(y) = prod over pairs j other than i of (y - p_j^2),  r(y) = prod over all pairs
// the row of +-p_i is that of x q_i(y) +- p_i q_i(y), of infinity r(y). 0 multiplies these by x,
// and has itself r(y).
//
// Rounding: where inputs and weights are independent of each other, the product at the point i has
// |B^T_i|^2 |G_i|^2 times the variance of a single d g, and so has its rounding error; output r
// collects sum over i of (A^T_ri)^2 times that. In two dimensions the deviation is that sum at
// its largest, next to 3, the root of the 9 taps, of a direct sum.
#pragma once

#include <array>
#include <cstddef>

namespace shrike::kernels {

template <size_t kPairs, bool kZero>
struct ToomCook {
  static constexpr size_t kFirstPair = kZero ? 1 : 0;  // the place of p_1 among the points
  static constexpr size_t kPoints = kFirstPair + 2 * kPairs + 1;
  static constexpr size_t kOut = kPoints - 2;

  double points[kPairs], balance[kPairs];
  double pair[kPairs][kPairs];  // q_i by rising power of y; the last is 1
  double all[kPairs + 1];       // r, likewise
  double weights[kPoints][3];   // G
  double rounding;              // error of a sum, that of a direct one being 1
};

// Coefficients of the product of (y - p^2) over all points but the skip-th, by rising power.
template <size_t kPairs>
constexpr std::array<double, kPairs + 1> even_product(const std::array<double, kPairs>& points,
                                                      size_t skip) {
  std::array<double, kPairs + 1> result{1};
  size_t degree = 0;
  for (size_t j = 0; j < kPairs; ++j) {
    if (j == skip) continue;
    const double root = points[j] * points[j];
    for (size_t k = ++degree; k > 0; --k) result[k] = result[k - 1] - root * result[k];
    result[0] *= -root;
  }
  return result;
}

template <size_t kPairs, bool kZero>
constexpr double rounding_of(const ToomCook<kPairs, kZero>& numbers) {
  using Numbers = ToomCook<kPairs, kZero>;
  double largest = 0;
  for (size_t r = 0; r < Numbers::kOut; ++r) {
    double ends = 0, sum = 0;
    for (const double k : numbers.all) ends += k * k;
    if (kZero && r == 0) sum += ends * numbers.weights[0][0] * numbers.weights[0][0];
    if (r == Numbers::kOut - 1) sum += ends;
    for (size_t i = 0; i < kPairs; ++i) {
      const double square = numbers.points[i] * numbers.points[i];
      double input = 0, weights = 0, output = 1 / (numbers.balance[i] * numbers.balance[i]);
      for (const double k : numbers.pair[i]) input += k * k * (1 + square);
      for (const double g : numbers.weights[Numbers::kFirstPair + 2 * i]) weights += g * g;
      for (size_t k = 0; k < r; ++k) output *= square;
      sum += 2 * input * weights * output;
    }
    if (sum > largest) largest = sum;
  }
  return largest / 3;
}

template <bool kZero, size_t kPairs>
consteval ToomCook<kPairs, kZero> toom_cook(const std::array<double, kPairs>& points,
                                            const std::array<double, kPairs>& balance) {
  using Numbers = ToomCook<kPairs, kZero>;
  Numbers result{};
  const std::array<double, kPairs + 1> all = even_product(points, kPairs);
  for (size_t k = 0; k <= kPairs; ++k) result.all[k] = all[k];
  if (kZero) result.weights[0][0] = 1 / all[0];
  result.weights[Numbers::kPoints - 1][2] = 1;
  for (size_t i = 0; i < kPairs; ++i) {
    const std::array<double, kPairs + 1> others = even_product(points, i);
    const double square = points[i] * points[i];
    double at_point = 0;
    for (size_t k = kPairs; k-- > 0;) {
      result.pair[i][k] = others[k];
      at_point = at_point * square + others[k];
    }
    result.points[i] = points[i];
    result.balance[i] = balance[i];
    for (const double p : {points[i], -points[i]}) {
      const double scale = balance[i] / (2 * p * at_point * (kZero ? p : 1));
      double* row = result.weights[Numbers::kFirstPair + 2 * i + (p < 0 ? 1 : 0)];
      row[0] = scale;
      row[1] = p * scale;
      row[2] = square * scale;
    }
  }
  result.rounding = rounding_of(result);
  return result;
}

}  // namespace shrike::kernels
