// BarChart: one horizontal bar a name, for numbers from 0 up.
#pragma once

#include <string>
#include <vector>

#include "vision/canvas.h"

namespace shrike {

struct Bar {
  std::string name;
  double value = 0;   // negative or not finite: no bar
  std::string label;  // behind the bar: "0.512"
};

inline constexpr size_t kMostBars = 80;

struct BarChart {
  std::string title, subtitle;
  double longest = 0;  // the value of a whole bar; 0: the largest value
  std::vector<Bar> bars;
  Colour colour;
};

// In the order given. Of more than kMostBars the first and the last half as many are drawn, and a
// line between them says how many are not. As high as its bars need.
Canvas draw(const BarChart& chart);

}  // namespace shrike
