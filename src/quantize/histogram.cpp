#include "quantize/histogram.h"

#include <algorithm>
#include <cmath>

namespace shrike {

namespace {

constexpr int kHalf = Histogram::kBins / 2;
// Where all values are 0 any width does; the smallest that is used keeps middles normal floats.
constexpr int kSmallestExponent = -60;

}  // namespace

void Histogram::add(std::span<const float> values) {
  float magnitude = 0;
  for (const float value : values)
    if (std::isfinite(value)) magnitude = std::max(magnitude, std::fabs(value));
  reach(magnitude);
  const auto per_width = static_cast<float>(1 / width_);  // a power of two: exact
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    const auto bin = static_cast<int>(std::floor(value * per_width)) + kHalf;
    ++counts_[static_cast<size_t>(bin)];
    ++count_;
    lowest_ = std::min(lowest_, value);
    largest_ = std::max(largest_, value);
  }
}

// Widens the bins until values of that magnitude and either sign have one.
void Histogram::reach(float magnitude) {
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude < 2^exponent
  const double width = std::ldexp(1.0, std::max(exponent, kSmallestExponent)) / kHalf;
  if (counts_.empty()) {
    counts_.assign(kBins, 0);
    width_ = width;
  }
  for (; width_ < width; width_ *= 2) {
    std::vector<int64_t> wider(kBins, 0);
    for (int bin = 0; bin < kBins; ++bin)
      wider[static_cast<size_t>((bin + kHalf) / 2)] += counts_[static_cast<size_t>(bin)];
    counts_ = std::move(wider);
  }
}

}  // namespace shrike
