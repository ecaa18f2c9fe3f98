// MovingAverage: weights and running statistics averaged over the updates of a run, which score
// better than the last ones.
//
// After update t:  a = d a + (1 - d) w,  d = 0.9999 (1 - exp(-t / 2000)),
// as Ultralytics' models are trained (https://docs.ultralytics.com/reference/utils/torch_utils,
// ModelEMA).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shrike::train {

inline constexpr double kMostAveraged = 0.9999;
inline constexpr double kAveragingTime = 2000;  // updates

double averaging_decay(int64_t updates);

class MovingAverage {
 public:
  // Starts at `values`, after no update.
  explicit MovingAverage(std::span<const float> values) : values_(values.begin(), values.end()) {}

  void update(std::span<const float> values);

  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }
  std::span<float> values() { return values_; }
  std::span<const float> values() const { return values_; }

 private:
  std::vector<float> values_;
  int64_t updates_ = 0;
};

}  // namespace shrike::train
