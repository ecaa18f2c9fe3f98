#include "augment/draws.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "augment/philox.h"
#include "augment/sampler.h"
#include "augment/settings.h"
#include "augment/test_pictures.h"

namespace shrike {
namespace {

// Random123 1.14, tests/kat_vectors, "philox4x32 10".
TEST(Philox, GivesTheKnownAnswers) {
  using Counter = std::array<uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Draws, AreUniform) {
  std::vector<double> values, whole;
  for (int64_t i = 0; i < 5000; ++i) {
    values.push_back(Draws(7, 2, i).uniform(Draw::kScale));
    whole.push_back(static_cast<double>(Draws(7, 2, i).below(1 << 20, Draw::kPartner, 3)));
  }
  expect_uniform(values, 0, 1);
  expect_uniform(whole, 0, (1 << 20) - 1);
}

TEST(Draws, DifferInEverythingTheyAreOf) {
  std::set<double> seen;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 40})
    for (int64_t epoch = 0; epoch < 3; ++epoch)
      for (int64_t position = 0; position < 3; ++position)
        for (uint32_t scene = 0; scene < 3; ++scene)
          for (const Draw what : {Draw::kOrder, Draw::kScale, Draw::kErasingPlace})
            for (uint32_t index = 0; index < 3; ++index)
              seen.insert(Draws(seed, epoch, position, scene).uniform(what, index));
  EXPECT_EQ(seen.size(), 729u);
  EXPECT_EQ(Draws(5, 1, 2, 1).uniform(Draw::kHsv, 2),
            Draws(5, 1, 2).of_scene(1).uniform(Draw::kHsv, 2));
}

TEST(Draws, HappenNeverAndAlways) {
  int hits = 0;
  for (int64_t i = 0; i < 4000; ++i) {
    const Draws draws(1, 0, i);
    EXPECT_FALSE(draws.happens(0, Draw::kMosaic));
    EXPECT_TRUE(draws.happens(1, Draw::kMosaic));
    hits += draws.happens(0.2, Draw::kMosaic);
  }
  expect_share(hits, 4000, 0.2);
}

// Beta(n, n) has the mean 1/2 and the variance 1 / (4 (2 n + 1)); Beta(1, 1) is uniform.
TEST(Draws, HaveBetaDistributions) {
  std::vector<double> ones;
  double sum = 0, squares = 0;
  constexpr int kCount = 4000;
  for (int64_t i = 0; i < kCount; ++i) {
    ones.push_back(Draws(3, 0, i).beta(1, Draw::kMixupWeight));
    const double x = Draws(3, 0, i).beta(32, Draw::kMixupWeight) - 0.5;
    sum += x;
    squares += x * x;
  }
  expect_uniform(ones, 0, 1);
  const double variance = 1.0 / (4 * 65);
  EXPECT_NEAR(sum / kCount, 0, 3.3 * std::sqrt(variance / kCount));
  EXPECT_NEAR(squares / kCount / variance, 1, 3.3 * std::sqrt(2.0 / kCount));
}

TEST(Settings, AreThoseOfUltralytics) {
  const AugmentSettings s;
  EXPECT_EQ(s.hsv_h, 0.015);
  EXPECT_EQ(s.hsv_s, 0.7);
  EXPECT_EQ(s.hsv_v, 0.4);
  EXPECT_EQ(s.translate, 0.1);
  EXPECT_EQ(s.scale, 0.5);
  EXPECT_EQ(s.fliplr, 0.5);
  EXPECT_EQ(s.mosaic, 1);
  EXPECT_EQ(s.close_mosaic, 10);
  for (const double AugmentSettings::*off :
       {&AugmentSettings::degrees, &AugmentSettings::shear, &AugmentSettings::perspective,
        &AugmentSettings::flipud, &AugmentSettings::mixup, &AugmentSettings::cutmix})
    EXPECT_EQ(s.*off, 0);
  EXPECT_TRUE(check(s));
  EXPECT_TRUE(check(AugmentSettings::none()));
  EXPECT_EQ(s.closed().mosaic, 0);
  EXPECT_EQ(s.closed().scale, 0.5);
}

TEST(Settings, WhatMakesFewPicturesOfOne) {
  AugmentSettings few = AugmentSettings::none();
  few.flipud = few.fliplr = few.grey = 0.5;
  few.close_mosaic = 10;
  EXPECT_TRUE(few.repeats_pictures());
  for (const AugmentSetting& setting : augment_settings()) {
    AugmentSettings settings = few;
    settings.*setting.value = setting.most / 2;
    const std::string name(setting.name);
    EXPECT_EQ(settings.repeats_pictures(),
              name == "flipud" || name == "fliplr" || name == "grey")
        << name;
  }
}

TEST(Settings, HaveRanges) {
  for (const AugmentSetting& setting : augment_settings())
    for (const double bad : {-0.001, setting.most * 1.01, std::nan("")}) {
      AugmentSettings settings;
      settings.*setting.value = bad;
      const auto result = check(settings);
      ASSERT_FALSE(result) << setting.name << bad;
      EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
      EXPECT_NE(result.error().message.find(setting.name), std::string::npos);
    }
  AugmentSettings settings;
  settings.close_mosaic = -1;
  EXPECT_FALSE(check(settings));
}

TEST(Sampler, OrdersEveryEpochAnew) {
  for (const int64_t samples : {1, 2, 7, 100}) {
    const auto first = epoch_order(4, 0, samples);
    std::vector<uint32_t> sorted = first, all(static_cast<size_t>(samples));
    std::sort(sorted.begin(), sorted.end());
    std::iota(all.begin(), all.end(), 0u);
    EXPECT_EQ(sorted, all);
    EXPECT_EQ(first, epoch_order(4, 0, samples));
    if (samples < 100) continue;
    EXPECT_NE(first, epoch_order(4, 1, samples));
    EXPECT_NE(first, epoch_order(5, 0, samples));
  }
}

TEST(Sampler, PutsEverySampleAtEveryPlace) {
  std::vector<double> places;
  for (int64_t epoch = 0; epoch < 3000; ++epoch) {
    const auto order = epoch_order(9, epoch, 50);
    places.push_back(
        static_cast<double>(std::find(order.begin(), order.end(), 13u) - order.begin()));
  }
  double sum = 0;
  for (const double place : places) sum += place;
  EXPECT_NEAR(sum / 3000, 24.5, 3.3 * std::sqrt(50 * 50 / 12.0 / 3000));
}

// Whatever the ranks, the places of a batch are dealt out once, in order, as evenly as can be.
TEST(Sampler, SharesBatchesOverRanks) {
  for (const int64_t samples : {16, 17, 31, 205})
    for (const int ranks : {1, 2, 3, 5}) {
      const Sampler whole = {samples, 16, {}};
      int64_t place = 0;
      const int64_t batches = Sampler{samples, 16, {0, ranks}}.batches();
      EXPECT_EQ(batches, whole.batches());
      for (int64_t batch = 0; batch < batches; ++batch)
        for (int rank = 0; rank < ranks; ++rank) {
          const auto slice = Sampler{samples, 16, {rank, ranks}}.slice(batch);
          EXPECT_EQ(slice.first, place);
          EXPECT_LE(std::abs(slice.count - whole.slice(batch).count / ranks), 1);
          place += slice.count;
        }
      EXPECT_EQ(place, samples) << samples << " over " << ranks;
    }
}

}  // namespace
}  // namespace shrike
