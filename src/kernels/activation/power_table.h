// Powers of 2 with fractional exponents, by table: included by vector_avx2.h and its like.
#pragma once

#include <bit>
#include <cstdint>

namespace shrike::kernels {
namespace {

// For j < 2^kBits the bits of 2^(j / 2^kBits), less j at the place where an exponent n << kBits | j
// shifted left by 23 - kBits has it: adding that gives 2^n times the entry.
template <int kBits>
struct PowerTable {
  alignas(64) float entries[1 << kBits];
};

template <int kBits>
consteval PowerTable<kBits> power_table() {
  PowerTable<kBits> result{};
  for (int j = 0; j < 1 << kBits; ++j) {
    const double exponent = j * 0.69314718055994530942 / (1 << kBits);
    double sum = 1;
    for (int k = 20; k > 0; --k) sum = 1 + sum * exponent / k;
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(sum));
    result.entries[j] = std::bit_cast<float>(bits - (static_cast<uint32_t>(j) << (23 - kBits)));
  }
  return result;
}

}  // namespace
}  // namespace shrike::kernels
