#include "train/ema.h"

#include <ATen/Parallel.h>

#include <cassert>
#include <cmath>

namespace shrike::train {

namespace {

constexpr int64_t kGrain = 65536;

}  // namespace

double averaging_decay(int64_t updates) {
  return kMostAveraged * (1 - std::exp(-static_cast<double>(updates) / kAveragingTime));
}

void MovingAverage::update(std::span<const float> values) {
  assert(values.size() == values_.size());
  const double decay = averaging_decay(++updates_);
  const auto kept = static_cast<float>(decay), taken = static_cast<float>(1 - decay);
  at::parallel_for(0, static_cast<int64_t>(values.size()), kGrain, [&](int64_t begin, int64_t end) {
    float* __restrict average = values_.data();
    const float* __restrict value = values.data();
    // kept + taken is 1 but for rounding: what does not move, as frozen weights, would drift.
    for (int64_t i = begin; i < end; ++i)
      average[i] = average[i] == value[i] ? value[i] : kept * average[i] + taken * value[i];
  });
}

}  // namespace shrike::train
