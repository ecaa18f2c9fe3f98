// What a layer takes at other widths: measured at a few of them, interpolated between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shrike {

class WidthTable {
 public:
  // ms: at each input width and each output width, row by row of one input width; both ascending.
  // Other programs can only add to a time, and a wider layer takes no less: what is above the time
  // of a wider one is brought down to it.
  WidthTable(std::vector<int64_t> inputs, std::vector<int64_t> outputs, std::vector<double> ms);

  // Linear in both; below the least width as between the two least.
  double at(int64_t input, int64_t output) const;

 private:
  double ms(size_t input, size_t output) const { return ms_[input * outputs_.size() + output]; }

  std::vector<int64_t> inputs_, outputs_;
  std::vector<double> ms_;
};

// At most `most` of the widths from `least` to `full` that are multiples of `unit`, evenly spread,
// ascending; `full` is among them, and `least` where it is one of these multiples.
std::vector<int64_t> widths_to_measure(int64_t least, int64_t full, int64_t unit, size_t most);

}  // namespace shrike
