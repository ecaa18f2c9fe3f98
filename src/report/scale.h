// Scale: numbers to pixels along one axis, with ticks at round numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shrike {

struct Axis {
  std::string title;
  // The ends; where absent those of the data, widened to the next tick.
  std::optional<double> low = {}, high = {};
};

class Scale {
 public:
  // Ticks are multiples of 1, 2 or 5 times a power of ten, at most `wanted` steps and two more: at
  // least two. `data_low`, `data_high`: the range of the data, low > high where there is none.
  // Requires wanted >= 2. An empty or inverted range is widened.
  Scale(const Axis& axis, double data_low, double data_high, int wanted_ticks);

  double low() const { return low_; }
  double high() const { return high_; }
  const std::vector<double>& ticks() const { return ticks_; }
  // As many decimals as tell the ticks apart.
  std::string label(double tick) const;
  // 0 at low, 1 at high.
  double fraction(double value) const { return (value - low_) / (high_ - low_); }

 private:
  double low_ = 0, high_ = 1;
  int digits_ = 0;
  std::vector<double> ticks_;
};

}  // namespace shrike
