// LineChart: lines and points over two axes, with grid and legend. Precision-recall curves,
// training curves, accuracy over latency with error bars.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/scale.h"
#include "vision/canvas.h"

namespace shrike {

struct ErrorRange {
  double low = 0, high = 0;
};

struct ChartPoint {
  double x = 0, y = 0;
  std::optional<ErrorRange> x_range = {}, y_range = {};  // drawn as bars
};

struct Series {
  std::string name;                // in the legend; without one it is not listed
  std::string value;               // stands behind the name: "0.512"
  std::vector<ChartPoint> points;  // those that are not finite are left out
  Stroke stroke = {};
  bool line = true;
  double marker = 0;  // radius of a disc at each point; 0: none
};

struct LineChart {
  std::string title, subtitle;
  Axis x, y;
  std::vector<Series> series;  // the last on top
  double width = 760, height = 470;
};

// Names too long for the legend are cut; where not all fit, it says how many are missing. A chart
// without points has its axes.
Canvas draw(const LineChart& chart);

// Without the points of a line that lie within `tolerance` of the line that is left (Douglas
// and Peucker 1973).
std::vector<Point> simplified(const std::vector<Point>& points, double tolerance);

}  // namespace shrike
