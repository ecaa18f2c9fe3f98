// The numbers of three taps at stride 2, derived from points.
//
// m outputs y_r = sum over t < 3 of d[2 r + t] g[t] are two sums at stride 1: g[0] and g[2] over
// the even inputs, F(m, 2), and g[1] times the odd ones. F(m, 2) works at the points +-p_1 ..
// +-p_P and infinity, m = 2 P, as in toom_cook.h; each odd input is a point of its own, and all
// of these share one weight. In that file's terms, with q_i and r from there,
//   B^T: row of +-p_i  x q_i(y) +- p_i q_i(y);  of infinity r(y): over the even inputs
//   G:   row of +-p_i  (1, 0, +-p_i) / (+-2 p_i q_i(p_i^2)); of infinity (0, 0, 1)
//        row of the odd inputs (0, 1, 0)
//   A^T: as there; the column of odd input r is that of output r alone
// Order of the points: p_1, -p_1, p_2, .., infinity, then the odd inputs. `balance` as there.
#pragma once

#include "kernels/winograd/toom_cook.h"

namespace shrike::kernels {

template <size_t kPairs>
struct Polyphase {
  static constexpr size_t kOut = 2 * kPairs;
  static constexpr size_t kWeights = 2 * kPairs + 2;

  double points[kPairs], balance[kPairs];
  double pair[kPairs][kPairs];  // q_i by rising power of y; the last is 1
  double all[kPairs + 1];       // r, likewise
  double weights[kWeights][3];  // G, infinity and the odd inputs last
  int weight_of[2 * kOut + 1];  // by point
  double rounding;              // as in toom_cook.h
};

template <size_t kPairs>
constexpr double rounding_of(const Polyphase<kPairs>& numbers) {
  double largest = 0;
  for (size_t r = 0; r < 2 * kPairs; ++r) {
    double sum = 1;  // the odd input
    if (r == 2 * kPairs - 1)
      for (const double k : numbers.all) sum += k * k;
    for (size_t i = 0; i < kPairs; ++i) {
      const double square = numbers.points[i] * numbers.points[i];
      double input = 0, weights = 0, output = 1 / (numbers.balance[i] * numbers.balance[i]);
      for (const double k : numbers.pair[i]) input += k * k * (1 + square);
      for (const double g : numbers.weights[2 * i]) weights += g * g;
      for (size_t k = 0; k < r; ++k) output *= square;
      sum += 2 * input * weights * output;
    }
    if (sum > largest) largest = sum;
  }
  return largest / 3;
}

template <size_t kPairs>
consteval Polyphase<kPairs> polyphase(const std::array<double, kPairs>& points,
                                      const std::array<double, kPairs>& balance) {
  Polyphase<kPairs> result{};
  const std::array<double, kPairs + 1> all = even_product(points, kPairs);
  for (size_t k = 0; k <= kPairs; ++k) result.all[k] = all[k];
  for (size_t i = 0; i < kPairs; ++i) {
    const std::array<double, kPairs + 1> others = even_product(points, i);
    const double p = points[i];
    double at_point = 0;
    for (size_t k = kPairs; k-- > 0;) {
      result.pair[i][k] = others[k];
      at_point = at_point * p * p + others[k];
    }
    result.points[i] = p;
    result.balance[i] = balance[i];
    const double scale = balance[i] / (2 * p * at_point);
    result.weights[2 * i][0] = scale;
    result.weights[2 * i][2] = p * scale;
    result.weights[2 * i + 1][0] = -scale;
    result.weights[2 * i + 1][2] = p * scale;
  }
  result.weights[2 * kPairs][2] = 1;
  result.weights[2 * kPairs + 1][1] = 1;
  for (size_t point = 0; point <= 2 * result.kOut; ++point)
    result.weight_of[point] = static_cast<int>(point <= result.kOut ? point : result.kOut + 1);
  result.rounding = rounding_of(result);
  return result;
}

}  // namespace shrike::kernels
