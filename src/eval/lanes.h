// Eight sets of pictures scored at once: in each, a picture occurs a number of times, its weight.
// Loops over lanes are written so that compilers turn them into vector instructions.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace shrike {

inline constexpr int kLanes = 8;

template <typename T>
struct alignas(sizeof(T) * kLanes) Lanes {
  std::array<T, kLanes> at{};

  T& operator[](int lane) { return at[static_cast<size_t>(lane)]; }
  const T& operator[](int lane) const { return at[static_cast<size_t>(lane)]; }

  Lanes& operator+=(const Lanes& other) {
    for (int l = 0; l < kLanes; ++l) at[l] += other.at[l];
    return *this;
  }
  Lanes& operator-=(const Lanes& other) {
    for (int l = 0; l < kLanes; ++l) at[l] -= other.at[l];
    return *this;
  }
};

using Counts = Lanes<uint32_t>;
using Sums = Lanes<double>;
using Weights = std::span<const Counts>;  // by picture

}  // namespace shrike
