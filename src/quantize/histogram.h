// How often values of a tensor occur, over any number of pictures, in memory that does not grow.
//
// Bins of one width lie around 0; the width is a power of two that doubles when a value lies beyond
// the last bin, two bins becoming one. So a histogram depends on the values alone, not on the order
// or the parts in which they came.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shrike {

class Histogram {
 public:
  static constexpr int kBins = 4096;

  // Values that are no finite numbers are left out.
  void add(std::span<const float> values);

  int64_t count() const { return count_; }  // of values
  float lowest() const { return lowest_; }  // 0 without values
  float largest() const { return largest_; }

  // Bin b holds `count(b)` of the values in [(b - kBins / 2) * width(), ... + width()).
  double width() const { return width_; }
  int64_t count(int bin) const { return counts_.empty() ? 0 : counts_[static_cast<size_t>(bin)]; }
  double middle(int bin) const { return (bin - kBins / 2 + 0.5) * width_; }

 private:
  void reach(float magnitude);

  std::vector<int64_t> counts_;  // empty before the first value
  double width_ = 0;
  int64_t count_ = 0;
  float lowest_ = 0, largest_ = 0;
};

}  // namespace shrike
