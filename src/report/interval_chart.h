// IntervalChart: values with their intervals, one below the other over a common axis. Differences
// of two models, where it shows whether an interval holds zero.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/line_chart.h"
#include "report/scale.h"
#include "vision/canvas.h"

namespace shrike {

struct IntervalRow {
  std::string name;
  std::optional<double> value;  // without one the row says so
  std::optional<ErrorRange> range;
};

struct IntervalChart {
  std::string title, subtitle;
  Axis x;
  std::optional<double> mark;  // a line across, say at zero
  std::vector<IntervalRow> rows;
};

// As high as its rows need.
Canvas draw(const IntervalChart& chart);

}  // namespace shrike
