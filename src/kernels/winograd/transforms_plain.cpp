// Written for the compiler's vectoriser, as tile/tile_plain.cpp is.
#include <algorithm>
#include <cstdint>

namespace shrike::kernels {

namespace {

constexpr int64_t kLanes = 4;

struct Vec {
  float lanes[kLanes];
};

template <typename Function>
inline Vec each(const Function& function) {
  Vec result;
  for (int64_t i = 0; i < kLanes; ++i) result.lanes[i] = function(i);
  return result;
}
inline Vec splat(float value) {
  return each([&](int64_t) { return value; });
}
inline Vec load_some(const float* source, int64_t n) {
  Vec result{};
  std::copy_n(source, std::min(n, kLanes), result.lanes);
  return result;
}
inline Vec load(const float* source) { return load_some(source, kLanes); }
inline Vec load_aligned(const float* source) { return load(source); }
inline void store_aligned(float* target, const Vec& value) {
  std::copy_n(value.lanes, kLanes, target);
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

}  // namespace shrike::kernels

#include "kernels/winograd/transforms.h"

namespace shrike::kernels {

constinit const WinogradKernel kWinograd4Plain =
    winograd_kernel<StrideOne<kToomCook4>, kTilePlain>(kWinograd4);
constinit const WinogradKernel kWinograd6Plain =
    winograd_kernel<StrideOne<kToomCook6>, kTilePlain>(kWinograd6);
constinit const WinogradKernel kWinogradStride2Plain =
    winograd_kernel<StrideTwo<kPolyphase4>, kTilePlain>(kWinogradStride2);

}  // namespace shrike::kernels
