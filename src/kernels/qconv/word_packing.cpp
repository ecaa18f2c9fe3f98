#include "kernels/qconv/word_packing.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace shrike::kernels {

namespace {

constexpr int64_t kMaxColumns = 32;
constexpr int64_t kCarriedRest = 65535;  // what low keeps is below 2^16

// Whether no column's products over `block` steps, counted from the first, can leave `room`.
bool blocks_fit(const int16_t* weights, int64_t steps, int64_t columns, int64_t block,
                int64_t room) {
  int64_t sizes[kMaxColumns] = {};
  for (int64_t s = 0; s < steps; ++s) {
    if (s % block == 0) std::fill_n(sizes, columns, 0);
    for (int64_t j = 0; j < columns; ++j, weights += 2) {
      sizes[j] += std::abs(int64_t{weights[0]}) + std::abs(int64_t{weights[1]});
      if (sizes[j] > room) return false;
    }
  }
  return true;
}

// Whether all products and what sums begin with fit an int32.
bool all_fit(const WordConvProblem& problem, const int16_t* weights, int64_t steps, int64_t columns,
             const int64_t* constants) {
  int64_t most = 0;
  for (int64_t j = 0; j < columns; ++j) most = std::max(most, std::abs(constants[j]));
  return most <= INT32_MAX && blocks_fit(weights, steps, columns, std::max<int64_t>(1, steps),
                                         (INT32_MAX - most) / largest_factor(problem));
}

}  // namespace

int64_t largest_factor(const WordConvProblem& problem) {
  return problem.bytes_in ? std::max(problem.in_zero, 255 - problem.in_zero) : 32768;
}

int64_t constant_of(const WordConvProblem& problem, const WordConvWeights& weights, int64_t o) {
  int64_t constant = weights.bias ? weights.bias[o] : 0;
  if (problem.bytes_in || problem.in_zero == 0) return constant;
  const int64_t count = problem.group_in() * problem.taps();
  for (int64_t i = 0; i < count; ++i) constant -= problem.in_zero * weights.at(o * count + i);
  return constant;
}

int64_t split_constants(const WordConvProblem& problem, const int16_t* weights, int64_t steps,
                        int64_t columns, const int64_t* constants, int32_t* split) {
  assert(columns <= kMaxColumns);
  const bool narrow = all_fit(problem, weights, steps, columns, constants);
  for (int64_t j = 0; j < columns; ++j) {
    split[j] = static_cast<int32_t>(narrow ? constants[j] : constants[j] & 0xffff);
    split[columns + j] = narrow ? 0 : static_cast<int32_t>(constants[j] >> 16);
  }
  if (narrow) return 0;
  // Fewer blocks first, as many as an eighth more at a time.
  const int64_t room = (INT32_MAX - kCarriedRest) / largest_factor(problem);
  for (int64_t blocks = 1;; blocks += std::max<int64_t>(1, blocks / 8)) {
    const int64_t block = std::max<int64_t>(1, (steps + blocks - 1) / blocks);
    if (block == 1 || blocks_fit(weights, steps, columns, block, room)) return block;
  }
}

const char* word_weights_unsupported(const WordConvProblem& problem,
                                     const WordConvWeights& weights) {
  constexpr int64_t kMost = int64_t{1} << 46;
  const int64_t count = problem.group_in() * problem.taps();
  for (int64_t o = 0; o < problem.out_channels; ++o) {
    int64_t sizes = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t w = weights.at(o * count + i);
      if (w == INT16_MIN) return "a weight is -32768";
      sizes += std::abs(w);
    }
    const int64_t bias = weights.bias ? weights.bias[o] : 0;
    if (bias < -kMost || bias > kMost || sizes > (kMost - std::abs(bias)) / 65536)
      return "a sum may need more than 46 bits";
  }
  return nullptr;
}

}  // namespace shrike::kernels
