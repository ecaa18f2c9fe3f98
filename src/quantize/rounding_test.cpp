#include "quantize/rounding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace shrike {
namespace {

Tensor weights_of(int64_t channels, int64_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.1f);
  Tensor w(DType::kF32, Shape{channels, size, 1, 1});
  for (float& x : w.mutable_data<float>()) x = normal(random);
  return w;
}

// Rows whose values have much in common, around a mean that is not 0.
std::vector<float> rows_of(int64_t count, int64_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> rows;
  for (int64_t r = 0; r < count; ++r) {
    const float shared = normal(random), other = normal(random);
    for (int64_t i = 0; i < size; ++i)
      rows.push_back(2 + shared + (i % 2 ? other : -other) + 0.3f * normal(random));
  }
  return rows;
}

Moments moments_of(const std::vector<float>& rows, int64_t size, ThreadPool& pool) {
  Moments moments(size);
  const size_t half = rows.size() / 2 / static_cast<size_t>(size) * static_cast<size_t>(size);
  moments.add(std::span(rows).first(half), pool);
  moments.add(std::span(rows).subspan(half), pool);
  return moments;
}

TEST(Moments, AreThoseOfTheRows) {
  ThreadPool pool(2);
  for (const int64_t size : {1, 9, 33, 70}) {
    const std::vector<float> rows = rows_of(50, size, 4);
    const Moments moments = moments_of(rows, size, pool);
    EXPECT_EQ(moments.rows(), 50);
    const auto column = [&](int64_t i, int64_t r) {
      return static_cast<double>(rows[static_cast<size_t>(r * size + i)]);
    };
    for (const int64_t i : {int64_t{0}, size / 2, size - 1}) {
      double mean = 0, product = 0;
      for (int64_t r = 0; r < 50; ++r) mean += column(i, r) / 50;
      for (int64_t r = 0; r < 50; ++r)
        product += (column(i, r) - mean) * (column(0, r) - moments.mean(0)) / 50;
      EXPECT_NEAR(moments.mean(i), mean, 1e-5);
      EXPECT_NEAR(moments.covariance(i, 0), product, 1e-3);
    }
  }
}

TEST(RoundForOutput, ChangesTheOutputLessThanTheNearest) {
  for (const int64_t size : {9, 63, 64, 65, 200}) {
    ThreadPool one(1), three(3);
    const Tensor w = weights_of(5, size, 7);
    const std::vector<Moments> moments = {moments_of(rows_of(4 * size, size, 8), size, one)};
    const ChannelWeights nearest = nearest_weights(w);
    const ChannelWeights rounded = round_for_output(w, moments, one);
    EXPECT_LT(output_error(w, rounded, moments), 0.6 * output_error(w, nearest, moments)) << size;
    EXPECT_EQ(rounded.scales, nearest.scales);
    EXPECT_EQ(round_for_output(w, moments, three).q, rounded.q) << "threads";
    for (size_t i = 0; i < static_cast<size_t>(w.size()); ++i)
      EXPECT_NEAR(rounded.q.data<int8_t>()[i], nearest.q.data<int8_t>()[i], 40);
  }
}

TEST(RoundForOutput, OfRowsWithNothingInCommonIsTheNearest) {
  ThreadPool pool(1);
  std::vector<float> rows(8 * 8, 0.0f);
  for (size_t i = 0; i < 8; ++i) rows[i * 8 + i] = 1;  // of one value each
  const Tensor w = weights_of(4, 8, 9);
  // What is left of a covariance by the mean is taken away by rows of the other sign.
  for (size_t i = 0; i < 64; ++i) rows.push_back(-rows[i]);
  const std::vector<Moments> moments = {moments_of(rows, 8, pool)};
  EXPECT_EQ(round_for_output(w, moments, pool).q, nearest_weights(w).q);
  EXPECT_EQ(round_for_output(w, moments, pool, 4).q, nearest_weights(w, DType::kI8, 4).q);
}

TEST(RoundForOutput, GroupsHaveTheirOwnRows) {
  ThreadPool pool(1);
  const Tensor w = weights_of(6, 9, 3);
  const std::vector<Moments> moments = {moments_of(rows_of(40, 9, 1), 9, pool),
                                        moments_of(rows_of(40, 9, 2), 9, pool),
                                        moments_of(std::vector<float>(9 * 4, 0.0f), 9, pool)};
  const ChannelWeights rounded = round_for_output(w, moments, pool);
  const ChannelWeights nearest = nearest_weights(w);
  EXPECT_LT(output_error(w, rounded, moments), output_error(w, nearest, moments));
  for (size_t i = 36; i < 54; ++i)  // of rows that say nothing
    EXPECT_EQ(rounded.q.data<int8_t>()[i], nearest.q.data<int8_t>()[i]);
}

}  // namespace
}  // namespace shrike
