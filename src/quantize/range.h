// Which part of a tensor's values its integers stand for.
//
// A range becomes steps of one size, one of which is exactly 0: that is what padding adds, and what
// ReLU leaves most often. Values beyond it saturate. Where to end a range is a question of 8 bits:
// 16 have steps to spare for all values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "quantize/histogram.h"

namespace shrike {

struct ValueRange {
  float low = 0, high = 0;  // low <= 0 <= high
  bool operator==(const ValueRange&) const = default;
};

// real = (q - zero) * scale; q is u8, or i16 with a zero of 0.
struct IntegerForm {
  DType type = DType::kU8;
  float scale = 1;
  int zero = 0;
  bool operator==(const IntegerForm&) const = default;
};

// Each value becomes what its integer stands for.
void round_to(const IntegerForm& form, std::span<float> values);

// The steps of a range; those of [0, 1] where it is empty.
IntegerForm form_of(const ValueRange& range, DType type = DType::kU8);

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

// The mean over the values of (value - what its integer stands for)^2. Requires a form of u8.
double squared_error(const Histogram& histogram, const IntegerForm& form);

}  // namespace shrike
