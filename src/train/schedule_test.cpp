#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace shrike::train {
namespace {

// 60 epochs of 13 batches of 16, as AdamW is run on BCCD.
ScheduleOptions options_of_bccd() {
  ScheduleOptions options;
  options.epochs = 60;
  options.batches = 13;
  options.rate = 0.001429;
  options.momentum = options.warmup_momentum = 0.9;
  options.warmup_bias_rate = 0;
  return options;
}

// What Ultralytics 8.4.190 wrote into its results.csv in such a run (lr/pg0, of an epoch's last
// batch): bench/peers/train_ultralytics.py.
TEST(Schedule, IsUltralytics) {
  const double written[] = {0.000439692, 0.000900911, 0.00134641, 0.00135826, 0.00133469,
                            0.00131111};
  for (int64_t epoch = 0; epoch < 6; ++epoch) {
    const Rates rates = rates_at(options_of_bccd(), epoch * 13 + 12);
    EXPECT_NEAR(rates.weights, written[epoch], 1e-8) << epoch;
    EXPECT_EQ(rates.biases, rates.weights) << epoch;
  }
}

TEST(Schedule, FallsToItsShare) {
  ScheduleOptions options = options_of_bccd();
  for (const bool cosine : {false, true}) {
    options.cosine = cosine;
    EXPECT_DOUBLE_EQ(share_at(options, 0), 1);
    EXPECT_NEAR(share_at(options, 30), 0.505, 1e-12) << "half way, of both";
    EXPECT_NEAR(share_at(options, 60), 0.01, 1e-12);
    for (int64_t e = 0; e < 60; ++e) EXPECT_GT(share_at(options, e), share_at(options, e + 1));
  }
  EXPECT_NEAR(share_at(options, 20), 0.01 + 0.99 * (1 + std::cos(M_PI / 3)) / 2, 1e-12);
}

TEST(Schedule, WarmsUpOverMomentumBiasesAndUpdates) {
  ScheduleOptions options;
  options.batches = 20;  // 60 of warm-up
  EXPECT_EQ(rates_at(options, 0).weights, 0);
  EXPECT_EQ(rates_at(options, 0).biases, 0.1);
  EXPECT_EQ(rates_at(options, 0).momentum, 0.8);
  EXPECT_EQ(rates_at(options, 0).accumulate, 1);
  const Rates half = rates_at(options, 30);
  EXPECT_NEAR(half.weights, options.rate * share_at(options, 1) / 2, 1e-12);
  EXPECT_NEAR(half.biases, (0.1 + options.rate * share_at(options, 1)) / 2, 1e-12);
  EXPECT_NEAR(half.momentum, (0.8 + 0.937) / 2, 1e-12);
  EXPECT_EQ(half.accumulate, 2) << "2.5 rounds to even";
  EXPECT_EQ(rates_at(options, 61).accumulate, 4);
  EXPECT_EQ(rates_at(options, 61).momentum, 0.937);
  options.warmup_epochs = 0;
  EXPECT_EQ(rates_at(options, 0).weights, options.rate);
}

TEST(Schedule, DecayIsThatOfTheNominalBatch) {
  ScheduleOptions options;
  const auto scaled = [&](int64_t batch) {
    options.batch = batch;
    return scaled_decay(options, 1);
  };
  EXPECT_DOUBLE_EQ(scaled(16), 1);
  EXPECT_DOUBLE_EQ(scaled(24), 24.0 * 3 / 64);
  EXPECT_DOUBLE_EQ(scaled(128), 2);
}

}  // namespace
}  // namespace shrike::train
