#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "kernels/layout/copy.h"
#include "kernels/layout/join.h"
#include "kernels/layout/transpose.h"
#include "kernels/testing/random.h"

namespace shrike::kernels {
namespace {

using namespace testing;

TEST(Transpose, SizesAroundBlocks) {
  Random random;
  ThreadPool one(1), three(3);
  for (int64_t rows : {0, 1, 3, 7, 8, 9, 16, 17, 65, 130})
    for (int64_t cols : {0, 1, 3, 7, 8, 9, 15, 64, 67, 129}) {
      const TransposeProblem p{rows, cols, cols + 2, rows + 3 * random.integer(0, 1)};
      const std::vector<float> in = random.reals(rows * p.in_stride + 1);
      std::vector<float> expected(static_cast<size_t>(cols * p.out_stride + 1), kUntouched);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < cols; ++j)
          expected[static_cast<size_t>(1 + j * p.out_stride + i)] =
              in[static_cast<size_t>(1 + i * p.in_stride + j)];
      for (const TransposeKernel& kernel : transpose_kernels()) {
        if (cpu_lacks(kernel.need, cpu_features())) continue;
        for (ThreadPool* pool : {&one, &three}) {
          std::vector<float> out(expected.size(), kUntouched);
          kernel.run(p, in.data() + 1, out.data() + 1, *pool);
          ASSERT_EQ(expected, out) << kernel.name << " " << rows << "x" << cols;
        }
      }
    }
}

TEST(Transpose, PlanarToMapAndBack) {
  Random random;
  ThreadPool pool(2);
  for (int64_t channels : {1, 3, 8, 19})
    for (int64_t gap : {0, 4}) {
      const std::vector<float> planar = random.reals(channels * 5 * 9);
      TestMap map(5, 9, channels, gap, gap * 2, 1);
      planar_to_map(planar.data(), map.view(), pool);
      for (int64_t y = 0; y < 5; ++y)
        for (int64_t x = 0; x < 9; ++x)
          for (int64_t c = 0; c < channels; ++c)
            ASSERT_EQ(map.view().at(y, x)[c], planar[static_cast<size_t>((c * 5 + y) * 9 + x)]);
      std::vector<float> back(planar.size());
      map_to_planar(map.view(), back.data(), pool);
      EXPECT_EQ(planar, back);
    }
}

template <typename T>
void copy_permutations_and_slices() {
  Random random;
  ThreadPool pool(3);
  for (int round = 0; round < 400; ++round) {
    const int rank = static_cast<int>(random.integer(0, 6));
    Extents whole{}, taken{};
    for (size_t d = 0; d < static_cast<size_t>(rank); ++d) {
      whole[d] = random.integer(1, round % 5 == 0 ? 12 : 4);
      taken[d] = random.integer(1, whole[d]);
    }
    std::vector<T> in(static_cast<size_t>(dense_view<T>(nullptr, rank, whole).count()));
    for (T& value : in) value = static_cast<T>(random.integer(0, 255));
    BasicStridedView<const T> from = dense_view<const T>(in.data(), rank, whole);
    from.dims = taken;
    std::array<int, kMaxRank> axes{};
    std::iota(axes.begin(), axes.end(), 0);
    for (int i = rank - 1; i > 0; --i)
      std::swap(axes[static_cast<size_t>(i)], axes[static_cast<size_t>(random.integer(0, i))]);
    from = permuted(from, axes);
    if (rank > 0 && random.integer(0, 3) == 0) from.strides[0] = 0;  // expansion
    BasicStridedView<T> to = dense_view<T>(nullptr, rank, from.dims);
    std::vector<T> out(static_cast<size_t>(to.count()));
    to.data = out.data();
    copy_strided(from, to, pool);
    for (int64_t i = 0; i < to.count(); ++i)
      ASSERT_EQ(out[static_cast<size_t>(i)], from.data[offset_of(i, rank, from.dims, from.strides)])
          << "round " << round << "; SHRIKE_SEED=" << test_seed();
  }
}

TEST(Copy, RandomPermutationsAndSlices) { copy_permutations_and_slices<float>(); }
TEST(Copy, RandomPermutationsAndSlicesOfBytes) { copy_permutations_and_slices<uint8_t>(); }
TEST(Copy, RandomPermutationsAndSlicesOfWords) { copy_permutations_and_slices<uint16_t>(); }
TEST(Copy, RandomPermutationsAndSlicesOfEightBytes) { copy_permutations_and_slices<uint64_t>(); }

TEST(Copy, IntoAPartOfTheOutput) {
  const std::vector<float> in{1, 2, 3, 4};
  std::vector<float> out(8, 0.0f);
  ThreadPool pool(1);
  StridedView part = dense_view(out.data() + 1, 2, Extents{2, 2});
  part.strides = {4, 2};
  copy_strided(dense_view(in.data(), 2, Extents{2, 2}), part, pool);
  EXPECT_EQ(out, (std::vector<float>{0, 1, 0, 2, 0, 3, 0, 4}));
}

// More than one thread's unit of rows, units that begin within a dimension.
TEST(Copy, ManyShortRows) {
  const Extents dims{3, 901, 7}, from{901 * 12, 12, 1}, to{8, 3 * 8, 1};
  std::vector<float> in(3 * 901 * 12), out(901 * 3 * 8, kUntouched);
  std::iota(in.begin(), in.end(), 0.0f);
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    copy_strided({in.data(), 3, dims, from}, {out.data(), 3, dims, to}, pool);
    for (int64_t a = 0; a < 3; ++a)
      for (int64_t b = 0; b < 901; ++b)
        for (int64_t c = 0; c < 8; ++c)
          ASSERT_EQ(out[static_cast<size_t>(b * 24 + a * 8 + c)],
                    c < 7 ? in[static_cast<size_t>(a * 901 * 12 + b * 12 + c)] : kUntouched);
  }
}

TEST(Copy, MovesBitsOfOtherTypes) {
  // A signalling NaN's bits, which arithmetic would change.
  std::vector<uint32_t> in(64 * 9), out(in.size());
  for (size_t i = 0; i < in.size(); ++i) in[i] = 0x7F800001u + static_cast<uint32_t>(i);
  ThreadPool pool(1);
  const auto from =
      permuted(dense_view(reinterpret_cast<const float*>(in.data()), 2, Extents{64, 9}), {1, 0});
  copy_strided(from, dense_view(reinterpret_cast<float*>(out.data()), 2, from.dims), pool);
  for (size_t i = 0; i < 64; ++i)
    for (size_t j = 0; j < 9; ++j) ASSERT_EQ(out[j * 64 + i], in[i * 9 + j]);
}

TEST(Copy, EverySecondElement) {
  ThreadPool pool(2);
  for (int64_t columns : {1, 2, 3, 7, 8, 17, 33}) {
    std::vector<uint32_t> in(static_cast<size_t>(5 * columns * 2)), out(in.size() / 2);
    for (size_t i = 0; i < in.size(); ++i) in[i] = 0x7F800001u + static_cast<uint32_t>(i);
    ConstStridedView from =
        dense_view(reinterpret_cast<const float*>(in.data()) + 1, 2, Extents{5, columns});
    from.strides = {2 * columns, 2};
    copy_strided(from, dense_view(reinterpret_cast<float*>(out.data()), 2, from.dims), pool);
    for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], in[2 * i + 1]) << columns;
  }
}

// Planes, every second or third element of planes, and parts of maps, of which the channels come in
// blocks of 16 and the pixels in blocks of 64.
TEST(Join, PartsOfAnyStrides) {
  Random random;
  ThreadPool one(1), three(3);
  for (int round = 0; round < 200; ++round) {
    const int64_t height = random.integer(1, 4), width = random.integer(1, 140);
    std::vector<std::vector<float>> buffers;
    std::vector<ConstStridedView> parts;
    int64_t channels = 0;
    for (int64_t count = random.integer(1, 4); count > 0; --count) {
      const int64_t depth = random.integer(1, 21), step = random.integer(1, 3);
      const bool planes = random.integer(0, 2) > 0;
      const Extents strides = planes ? Extents{height * width * step, width * step, step}
                                     : Extents{1, width * (depth + 1), depth + 1};
      buffers.push_back(random.reals(height * width * (planes ? depth * step : depth + 1)));
      parts.push_back({buffers.back().data(), 3, {depth, height, width}, strides});
      channels += depth;
    }
    const TestMap empty(height, width, channels, random.integer(0, 3), random.integer(0, 5), 1);
    for (ThreadPool* pool : {&one, &three}) {
      const TestMap map(empty);
      join_channels(parts, map.view(), *pool);
      TestMap expected(empty);
      int64_t first = 0;
      for (const ConstStridedView& part : parts) {
        for (int64_t i = 0; i < part.count(); ++i) {
          const int64_t c = i / (height * width), y = i / width % height, x = i % width;
          expected.view().at(y, x)[first + c] = part.data[offset_of(i, 3, part.dims, part.strides)];
        }
        first += part.dims[0];
      }
      ASSERT_EQ(map.values(), expected.values()) << "round " << round << "; seed " << test_seed();
    }
  }
}

TEST(Copy, EmptyDoesNothing) {
  ThreadPool pool(1);
  copy_strided(dense_view<const float>(nullptr, 2, Extents{0, 4}),
               dense_view<float>(nullptr, 2, Extents{0, 4}), pool);
}

}  // namespace
}  // namespace shrike::kernels
