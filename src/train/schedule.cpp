#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace shrike::train {

namespace {

int64_t most_accumulated(const ScheduleOptions& o) {
  const double batches = static_cast<double>(o.nominal) / static_cast<double>(o.batch);
  return std::max<int64_t>(std::llrint(batches), 1);
}

}  // namespace

double share_at(const ScheduleOptions& o, int64_t epoch) {
  const double passed = static_cast<double>(epoch) / static_cast<double>(o.epochs);
  const double left = o.cosine ? (1 + std::cos(std::numbers::pi * std::min(passed, 1.0))) / 2
                               : std::max(1 - passed, 0.0);
  return left * (1 - o.final_share) + o.final_share;
}

Rates rates_at(const ScheduleOptions& o, int64_t batch) {
  const double rate = o.rate * share_at(o, batch / o.batches);
  Rates rates{rate, rate, o.momentum, most_accumulated(o)};
  const int64_t warm = std::llrint(o.warmup_epochs * static_cast<double>(o.batches));
  if (batch > warm || warm == 0) return rates;
  const double part = static_cast<double>(batch) / static_cast<double>(warm);
  const auto between = [&](double from, double to) { return from + part * (to - from); };
  rates.weights = between(0, rate);
  rates.biases = between(o.warmup_bias_rate, rate);
  rates.momentum = between(o.warmup_momentum, o.momentum);
  const double full = static_cast<double>(o.nominal) / static_cast<double>(o.batch);
  rates.accumulate = std::max<int64_t>(std::llrint(between(1, full)), 1);
  return rates;
}

double scaled_decay(const ScheduleOptions& o, double decay) {
  return decay * static_cast<double>(o.batch * most_accumulated(o)) /
         static_cast<double>(o.nominal);
}

}  // namespace shrike::train
