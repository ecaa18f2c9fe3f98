// Which part of a tensor's values 256 integers stand for.
//
// A range becomes steps of one size, one of which is exactly 0: that is what padding adds, and what
// ReLU leaves most often. Values beyond it saturate.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quantize/histogram.h"

namespace shrike {

struct ValueRange {
  float low = 0, high = 0;  // low <= 0 <= high
  bool operator==(const ValueRange&) const = default;
};

// real = (q - zero) * scale, q 0 .. 255
struct ByteForm {
  float scale = 1;
  int zero = 0;
  bool operator==(const ByteForm&) const = default;
};

// Each value becomes what its integer stands for.
void round_to(const ByteForm& form, std::span<float> values);

// The steps of a range; those of [0, 1] where it is empty.
ByteForm byte_form(const ValueRange& range);

// The ways to choose a range, by what they minimise:
//   kMinMax        nothing saturates
//   kPercentile    the share `kept` of the values does not, the same number leaving at either end
//   kSquaredError  the sum over the values of (value - what its integer stands for)^2
//   kEntropy       the Kullback-Leibler divergence of the values' distribution from that of their
//                  integers (Migacz, "8-bit Inference with TensorRT", 2017, with both ends free)
enum class RangeMethod : uint8_t { kMinMax, kPercentile, kSquaredError, kEntropy };

struct RangeChoice {
  RangeMethod method = RangeMethod::kMinMax;
  double kept = 1;  // of kPercentile
  ValueRange range;
};

// "min-max", "percentile 99.99", ...
std::string to_string(const RangeChoice& choice);

ValueRange choose_range(const Histogram& histogram, RangeMethod method, double kept = 1);

// Every way, percentiles of 99.9, 99.99 and 99.999 %; equal ranges once.
std::vector<RangeChoice> range_candidates(const Histogram& histogram);

// The mean over the values of (value - what its integer stands for)^2.
double squared_error(const Histogram& histogram, const ByteForm& form);

}  // namespace shrike
