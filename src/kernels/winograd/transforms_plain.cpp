// Written for the compiler's vectoriser, as tile/tile_plain.cpp is.
#include <algorithm>

#include "kernels/winograd/transforms.h"

namespace shrike::kernels {

namespace {

struct Vec {
  static constexpr int64_t kLanes = 4;

  static Vec splat(float value) { return {{value, value, value, value}}; }
  static Vec load(const float* source) { return load_some(source, kLanes); }
  static Vec load_some(const float* source, int64_t n) {
    Vec result{};
    std::copy_n(source, std::min(n, kLanes), result.lanes);
    return result;
  }
  void store(float* target) const { std::copy_n(lanes, kLanes, target); }

  float lanes[kLanes];
};

template <typename Function>
inline Vec each(const Function& function) {
  Vec result;
  for (int64_t i = 0; i < Vec::kLanes; ++i) result.lanes[i] = function(i);
  return result;
}
inline Vec operator+(const Vec& a, const Vec& b) {
  return each([&](int64_t i) { return a.lanes[i] + b.lanes[i]; });
}
inline Vec operator-(const Vec& a, const Vec& b) {
  return each([&](int64_t i) { return a.lanes[i] - b.lanes[i]; });
}
inline Vec operator*(const Vec& a, const Vec& b) {
  return each([&](int64_t i) { return a.lanes[i] * b.lanes[i]; });
}
inline Vec fma(const Vec& a, const Vec& b, const Vec& c) { return a * b + c; }

}  // namespace

constinit const WinogradKernel kWinograd4Plain =
    winograd_kernel<StrideOne<kToomCook4>, Vec, kTilePlain>(kWinograd4);

}  // namespace shrike::kernels
