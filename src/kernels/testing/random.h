// What the tests of this folder share: a printed, replayable seed, awkwardly placed buffers, and a
// comparison with a tolerance that comes from the length of a sum.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "kernels/testing/guarded.h"
#include "kernels/view.h"

namespace shrike::kernels::testing {

// SHRIKE_SEED in the environment replays a run.
inline uint64_t test_seed() {
  static const uint64_t seed = [] {
    const char* text = std::getenv("SHRIKE_SEED");
    return text ? std::strtoull(text, nullptr, 10) : uint64_t{std::random_device{}()};
  }();
  return seed;
}

class Random {
 public:
  // With a step, real numbers are multiples of it.
  explicit Random(float step = 0) : engine_(test_seed()), step_(step) {
    ::testing::Test::RecordProperty("seed", std::to_string(test_seed()));
  }

  int64_t integer(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  float real(float low, float high) {
    const float value = std::uniform_real_distribution<float>(low, high)(engine_);
    return step_ > 0 ? std::nearbyint(value / step_) * step_ : value;
  }
  template <typename T>
  T pick(std::initializer_list<T> values) {
    return values.begin()[integer(0, static_cast<int64_t>(values.size()) - 1)];
  }
  std::vector<float> reals(int64_t count, float low = -1, float high = 1) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = real(low, high);
    return values;
  }

 private:
  std::mt19937_64 engine_;
  float step_;
};

inline constexpr float kUntouched = -12345.5f;

// A map with pixels `pixel_gap` and rows `row_gap` floats wider than need be, at an address that
// is not a multiple of a vector's size. What lies between its elements holds kUntouched, and the
// buffer ends with the last element, so that a sanitizer sees what reads past it.
class TestMap {
 public:
  TestMap(int64_t height, int64_t width, int64_t channels, int64_t pixel_gap = 0,
          int64_t row_gap = 0, int64_t shift = 0)
      : values_(size_of(height, width, channels, pixel_gap, row_gap, shift), kUntouched) {
    const int64_t pixel = channels + pixel_gap, row = width * pixel + row_gap;
    view_ = {values_.data() + shift, height, width, channels, pixel, row};
  }
  TestMap(const TestMap& other) : values_(other.values_), view_(other.view_) {
    view_.data = values_.data() + (other.view_.data - other.values_.data());
  }

  const MapView& view() const { return view_; }
  void fill(Random& random, float low = -1, float high = 1) {
    for_each([&](float& value) { value = random.real(low, high); });
  }
  template <typename Function>
  void for_each(const Function& function) {
    for (int64_t y = 0; y < view_.height; ++y)
      for (int64_t x = 0; x < view_.width; ++x)
        for (int64_t c = 0; c < view_.channels; ++c) function(view_.at(y, x)[c]);
  }
  // Every float of the buffer, gaps included.
  std::vector<float> values() const { return values_.values(); }

 private:
  static size_t size_of(int64_t height, int64_t width, int64_t channels, int64_t pixel_gap,
                        int64_t row_gap, int64_t shift) {
    const int64_t pixel = channels + pixel_gap, row = width * pixel + row_gap;
    const int64_t size =
        height * width == 0 ? 0 : (height - 1) * row + (width - 1) * pixel + channels;
    return static_cast<size_t>(shift + size);
  }

  GuardedFloats values_;
  MapView view_;
};

// Compares whole buffers, gaps included. Returns the first difference beyond `tolerance`, with
// the seed, or nothing.
inline ::testing::AssertionResult near(const std::vector<float>& expected,
                                       const std::vector<float>& actual, float tolerance) {
  if (expected.size() != actual.size()) return ::testing::AssertionFailure() << "sizes differ";
  for (size_t i = 0; i < expected.size(); ++i) {
    const float a = expected[i], b = actual[i];
    const bool same = (std::isnan(a) && std::isnan(b)) || a == b ||
                      std::fabs(a - b) <= tolerance * std::max(1.0f, std::fabs(a));
    if (!same)
      return ::testing::AssertionFailure()
             << "at " << i << ": expected " << a << ", got " << b << ", tolerance " << tolerance
             << "; SHRIKE_SEED=" << test_seed();
  }
  return ::testing::AssertionSuccess();
}

// Rounding error allowed in a sum of `length` products of magnitude up to `magnitude`.
inline float sum_tolerance(int64_t length, float magnitude = 1) {
  const auto n = static_cast<float>(length);
  return (4 + std::sqrt(n) * 2) * magnitude * std::numeric_limits<float>::epsilon() *
         std::max(1.0f, std::sqrt(n) / 4);
}

class AlignedScratch {
 public:
  explicit AlignedScratch(size_t size) : bytes_(allocate_aligned(size)), size_(size) {
    std::fill_n(reinterpret_cast<unsigned char*>(bytes_.get()), size, 0xFF);  // NaN
  }
  std::span<std::byte> span() { return {bytes_.get(), size_}; }

 private:
  std::shared_ptr<std::byte> bytes_;
  size_t size_;
};

}  // namespace shrike::kernels::testing
