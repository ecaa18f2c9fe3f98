// HeatMap: a table of counts coloured by each cell's share of its row. Confusion matrices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vision/canvas.h"

namespace shrike {

struct HeatMap {
  std::string title, subtitle;
  std::string row_title, column_title;
  std::vector<std::string> rows, columns;  // names
  std::vector<uint64_t> counts;            // rows x columns
};

// Shares stand in the cells, in percent, with the counts below them where there is room. Cells of
// many rows are small but never less than kLeastCell pixels, so the drawing grows. A row of zeros
// is blank. Requires counts.size() == rows.size() * columns.size().
Canvas draw(const HeatMap& map);

inline constexpr double kLeastCell = 15;

}  // namespace shrike
