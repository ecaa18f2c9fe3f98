#include "engine/view.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <random>
#include <vector>

namespace shrike {
namespace {

// The buffer index of every element, row-major.
std::vector<int64_t> places(const View& view) {
  std::vector<int64_t> result;
  for (int64_t i = 0; i < view.count(); ++i)
    result.push_back(view.offset + kernels::offset_of(i, view.rank, view.dims, view.strides));
  return result;
}

// Random factors of `count` as a shape, ones among them.
Shape random_factors(int64_t count, std::mt19937& random) {
  std::vector<int64_t> dims;
  while (count > 1 && dims.size() < 6) {
    int64_t factor = static_cast<int64_t>(random() % 6 + 1);
    while (count % factor != 0) --factor;
    dims.push_back(factor);
    count /= factor;
  }
  dims.push_back(count);
  return Shape(dims);
}

TEST(View, ReshapeKeepsTheOrderOrRefuses) {
  int kept = 0, refused = 0;
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    std::mt19937 random(seed);
    View view = dense_view(Shape{2, 6, 4, 3});
    if (seed % 2 == 0) view = map_view(Shape{2, 6, 4, 3});
    if (seed % 3 == 0) view = sliced(view, static_cast<int>(random() % 4), 1, 1);
    if (seed % 5 == 0) {
      std::array axes{0, 1, 2, 3};
      std::shuffle(axes.begin(), axes.end(), random);
      view = permuted(view, axes);
    }
    const Shape shape = random_factors(view.count(), random);
    const std::optional<View> result = reshaped(view, shape);
    if (!result) {
      ++refused;
      continue;
    }
    ++kept;
    ASSERT_EQ(result->shape(), shape) << "seed " << seed;
    ASSERT_EQ(places(*result), places(view)) << "seed " << seed;
  }
  EXPECT_GT(kept, 500);
  EXPECT_GT(refused, 100);
}

TEST(View, ReshapeOfAMapMergesRowsAndColumns) {
  const View map = map_view(Shape{1, 5, 3, 4});
  const std::optional<View> flat = reshaped(map, Shape{1, 5, 12});
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->stride(1), 1);
  EXPECT_EQ(flat->stride(2), 5);
  EXPECT_FALSE(reshaped(map, Shape{60}));
  const View part = sliced(map, 3, 1, 2);  // rows no longer continue each other
  EXPECT_FALSE(reshaped(part, Shape{1, 5, 6}));
}

TEST(View, ReshapeOfNothingAndOfAScalar) {
  EXPECT_TRUE(reshaped(dense_view(Shape{0, 3}), Shape{3, 0}));
  const std::optional<View> ones = reshaped(dense_view(Shape{}), Shape{1, 1});
  ASSERT_TRUE(ones);
  EXPECT_EQ(ones->count(), 1);
}

TEST(View, NamesLayouts) {
  EXPECT_TRUE(is_dense(dense_view(Shape{2, 3, 4})));
  EXPECT_TRUE(is_dense(dense_view(Shape{})));
  EXPECT_TRUE(is_map(map_view(Shape{2, 3, 4, 5})));
  EXPECT_FALSE(is_dense(map_view(Shape{2, 3, 4, 5})));
  EXPECT_FALSE(is_map(dense_view(Shape{2, 3, 4, 5})));
  EXPECT_TRUE(is_map(dense_view(Shape{2, 1, 4, 5})));
  EXPECT_TRUE(is_dense(map_view(Shape{2, 3, 1, 1})));
  EXPECT_TRUE(is_map(sliced(map_view(Shape{2, 9, 4, 5}), 1, 2, 3)));
  EXPECT_TRUE(is_map(sliced(map_view(Shape{1, 3, 4, 6}), 3, 1, 3, 2)));
  // Rows and columns exchanged are no map: rows would lie within each other.
  EXPECT_FALSE(is_map(permuted(map_view(Shape{1, 3, 4, 5}), std::array{0, 1, 3, 2})));
  EXPECT_FALSE(is_map(broadcast(map_view(Shape{1, 3, 1, 1}), Shape{1, 3, 4, 5})));
}

TEST(View, MapAtGivesRowsBackToBackWhereSizesAreOne) {
  std::vector<float> buffer(1000);
  for (const Shape& shape : {Shape{2, 3, 1, 5}, Shape{2, 3, 5, 1}, Shape{2, 3, 1, 1}}) {
    const View wide = map_view(Shape{shape[0], 7, shape[2], shape[3]});
    const View view = sliced(wide, 1, 2, 3);
    for (int64_t image = 0; image < 2; ++image) {
      const kernels::MapView map = map_at(view, buffer.data(), image);
      EXPECT_EQ(map.row_stride, map.width * map.pixel_stride);
      for (int64_t y = 0; y < map.height; ++y)
        for (int64_t x = 0; x < map.width; ++x)
          EXPECT_EQ(map.at(y, x) - buffer.data(),
                    view.offset + image * view.stride(0) + y * view.stride(2) + x * view.stride(3));
    }
  }
}

TEST(View, BatchStride) {
  EXPECT_EQ(batch_stride(dense_view(Shape{2, 3, 4, 5})), 20);
  EXPECT_EQ(batch_stride(dense_view(Shape{4, 5})), 0);
  EXPECT_EQ(batch_stride(broadcast(dense_view(Shape{4, 5}), Shape{2, 3, 4, 5})), 0);
  EXPECT_FALSE(batch_stride(broadcast(dense_view(Shape{3, 4, 5}), Shape{2, 3, 4, 5})));
}

}  // namespace
}  // namespace shrike
