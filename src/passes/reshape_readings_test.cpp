#include "passes/reshape_readings.h"

#include <gtest/gtest.h>

#include <functional>

namespace shrike {
namespace {

using ShapeOfSize = std::function<Shape(int64_t height, int64_t width)>;

// Read at a wanted size and at two witnesses, as resize_input does.
Result<std::vector<Shape>> follow(PictureSize saved, int64_t largest_stride,
                                  const ShapeOfSize& from, const Shape& to, PictureSize wanted) {
  const int64_t s = largest_stride;
  ReshapeAtSizes r{from(saved.height, saved.width), to, saved, {}, {}};
  r.sizes = {wanted, {11 * s, 13 * s}, {17 * s, 19 * s}};
  for (const PictureSize& size : r.sizes) r.from_at.push_back(from(size.height, size.width));
  return follow_reshape(r);
}

Shape tokens16(int64_t h, int64_t w) { return {1, h / 16 * (w / 16), 64}; }
Shape tokens32(int64_t h, int64_t w) { return {1, h / 32 * (w / 32), 64}; }
Shape map32(int64_t h, int64_t w) { return {1, 128, h / 32, w / 32}; }
Shape areas16(int64_t h, int64_t w) { return {4, h / 16 * (w / 16) / 4, 64}; }

void expect_shape(const Result<std::vector<Shape>>& shapes, const Shape& wanted) {
  ASSERT_TRUE(shapes) << shapes.error().message;
  EXPECT_EQ((*shapes)[0], wanted) << to_string((*shapes)[0]);
}

void expect_refused(const Result<std::vector<Shape>>& shapes, const std::string& why) {
  ASSERT_FALSE(shapes) << to_string((*shapes)[0]);
  EXPECT_NE(shapes.error().message.find(why), std::string::npos) << shapes.error().message;
}

constexpr PictureSize k640{640, 640};

TEST(ReshapeReadings, MapsAndTokens) {
  expect_shape(follow(k640, 32, map32, {1, 2, 64, 400}, {320, 256}), {1, 2, 64, 80});
  expect_shape(follow(k640, 32, tokens32, {1, 20, 20, 64}, {320, 256}), {1, 10, 8, 64});
  expect_shape(follow({256, 416}, 32, tokens32, {1, 8, 13, 64}, {640, 32}), {1, 20, 1, 64});
  expect_shape(follow(k640, 32, tokens16, {1, 1600, 2, 32}, {320, 320}), {1, 400, 2, 32});
  // The number of cells stays; their rows and columns do not.
  expect_shape(follow(k640, 32, tokens32, {1, 20, 20, 64}, {1280, 320}), {1, 40, 10, 64});
}

TEST(ReshapeReadings, AreasKeepTheirNumber) {
  // 1600 tokens could as well be windows of 400, but then only some multiples of 32 were sizes.
  expect_shape(follow(k640, 32, tokens16, {4, 400, 64}, {320, 320}), {4, 100, 64});
  expect_shape(follow(k640, 32, areas16, {1, 1600, 64}, {320, 320}), {1, 400, 64});
  expect_shape(follow(k640, 32, areas16, {1, 40, 40, 64}, {96, 320}), {1, 6, 20, 64});
  // A map of 4x16 would have the batch in front.
  expect_shape(follow({64, 256}, 32, tokens16, {4, 16, 64}, {128, 128}), {4, 16, 64});
}

TEST(ReshapeReadings, RefusesWhatFollowsInSeveralWays) {
  // A map of 4x4, or 4 areas of 4 tokens.
  expect_refused(follow({64, 64}, 32, tokens16, {1, 4, 4, 64}, {128, 128}), "more than one way");
  // Four areas, or windows of four.
  expect_refused(follow({64, 64}, 32, tokens16, {4, 4, 64}, {128, 128}), "more than one way");
}

TEST(ReshapeReadings, RefusesWhatHoldsAtSomeSizesOnly) {
  // Areas or windows, where neither divides every size.
  expect_refused(follow({128, 160}, 32, tokens32, {4, 5, 64}, {256, 320}), "no way");
  expect_refused(follow({64, 64}, 16, tokens16, {4, 4, 64}, {128, 128}), "no way");
  expect_refused(follow({128, 128}, 16, tokens16, {4, 16, 64}, {256, 256}), "no way");
  expect_refused(follow(k640, 32, tokens32, {1, 16, 25, 64}, {320, 320}), "no way");
  // A map of one cell: which axis it was in does not show.
  const ShapeOfSize one_row = [](int64_t, int64_t w) { return Shape{1, 8, 1, w / 32}; };
  expect_refused(follow({32, 32}, 32, one_row, {1, 8, 1}, {64, 64}), "no way");
}

TEST(ReshapeReadings, ReadsEmptyAndUnchangedShapes) {
  const ShapeOfSize fixed = [](int64_t, int64_t) { return Shape{2, 3, 0}; };
  expect_shape(follow(k640, 32, fixed, {0, 6}, {320, 320}), {0, 6});
  const ShapeOfSize scalar = [](int64_t, int64_t) { return Shape{1}; };
  expect_shape(follow(k640, 32, scalar, {}, {320, 320}), {});
}

}  // namespace
}  // namespace shrike
