#include "report/scale.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "report/number.h"

namespace shrike {

namespace {

constexpr double kSlack = 1e-9;  // of a step: ends that are ticks but for rounding
constexpr double kMost = 1e100;  // ends are cut to this: differences stay finite

// The least of 1, 2, 5 times a power of ten that is at least `rough`.
double round_step(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough * (1 - kSlack)) return factor * power;
  return 10 * power;
}

// Multiples of `step` within low .. high; the ends where there are fewer than two.
std::vector<double> multiples(double low, double high, double step) {
  constexpr double kMostTicks = 50;
  const double first = std::ceil(low / step - kSlack), last = std::floor(high / step + kSlack);
  std::vector<double> ticks;
  for (int i = 0; i <= std::min(last - first, kMostTicks); ++i)
    ticks.push_back((first + i) * step + 0.0);  // + 0.0: no "-0"
  if (ticks.size() < 2) return {low, high};
  return ticks;
}

}  // namespace

Scale::Scale(const Axis& axis, double data_low, double data_high, int wanted_ticks) {
  if (!(std::isfinite(data_low) && std::isfinite(data_high) && data_low <= data_high))
    data_low = 0, data_high = 1;
  low_ = std::clamp(axis.low.value_or(data_low), -kMost, kMost);
  high_ = std::clamp(axis.high.value_or(data_high), -kMost, kMost);
  // A range without width gets one, relative to the size of the number.
  const double least = std::max({std::abs(low_), std::abs(high_), 1e-3}) * 1e-6;
  if (!(high_ - low_ >= least)) {
    const double half = std::max(std::abs(low_) * 0.1, 0.5);
    high_ = low_ + half;
    if (!axis.low) low_ -= half;
  }
  assert(wanted_ticks >= 2);
  const double step = round_step((high_ - low_) / wanted_ticks);
  if (!axis.low) low_ = std::floor(low_ / step + kSlack) * step;
  if (!axis.high) high_ = std::ceil(high_ / step - kSlack) * step;
  ticks_ = multiples(low_, high_, step);
  digits_ = std::clamp(static_cast<int>(-std::floor(std::log10(step) + kSlack)), 0, 9);
}

std::string Scale::label(double tick) const { return fixed(tick, digits_); }

}  // namespace shrike
