// What threads divide: all of it, once, and as evenly as its smallest pieces allow.
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "kernels/conv/depthwise_sweep.h"
#include "kernels/conv/pointwise_geometry.h"
#include "kernels/elementwise/pieces.h"
#include "kernels/testing/conv_case.h"
#include "kernels/winograd/units.h"

namespace shrike::kernels {
namespace {

using namespace testing;

int64_t difference(const std::vector<int64_t>& sizes) {
  const auto [least, most] = std::minmax_element(sizes.begin(), sizes.end());
  return *most - *least;
}

TEST(Shares, PixelsOf1x1Layers) {
  constexpr int64_t kRows = 7, kPanels = 3;
  for (const int64_t size : {1, 5, 10, 13, 40})
    for (const int64_t inputs : {8, 96, 448})
      for (const int threads : {1, 2, 3, 8, 64}) {
        SCOPED_TRACE(std::to_string(size) + " " + std::to_string(inputs) + " " +
                     std::to_string(threads));
        const ConvProblem p = square(size, inputs, 96, 1, 1, 0);
        const TestMap input(size, size, inputs), output(size, size, 96);
        const ConvMaps maps{input.view(), output.view(), {}};
        const PointwiseUnits units(kRows, p, maps, kPanels, threads);
        std::vector<int64_t> tiles, seen(static_cast<size_t>(size * size));
        for (int64_t i = 0; i < units.count(); ++i) {
          const PointwiseUnits::Unit unit = units.unit(i);
          EXPECT_LE(unit.strip.count, PointwiseUnits::block_pixels(kRows, p));
          tiles.push_back(divide_up(unit.strip.count, kRows));
          for (int64_t pixel = 0; pixel < unit.strip.count; ++pixel)
            seen[static_cast<size_t>(unit.pixel + pixel)] += unit.last_panel - unit.first_panel;
        }
        EXPECT_EQ(seen, std::vector<int64_t>(seen.size(), kPanels));
        if (threads > 1) {
          EXPECT_LE(difference(tiles), 1);
          EXPECT_TRUE(units.count() % threads == 0 || size * size <= kRows * threads);
        }
      }
}

// For one panel all of a row, or of a map that is one row.
TEST(Shares, JoinedBlocks) {
  for (const int64_t gap : {0, 3}) {
    const ConvProblem p = square(41, 448, 96, 1, 1, 0);
    const TestMap input(41, 41, 448, 0, gap), output(41, 41, 96);
    const ConvMaps maps{input.view(), output.view(), {}};
    PointwiseUnits units(10, p, maps, 1, 1);
    EXPECT_GT(units.count(), 41);
    units.join();
    ASSERT_EQ(units.count(), gap > 0 ? 41 : 1);
    for (int64_t i = 0, next = 0; i < units.count(); ++i) {
      EXPECT_EQ(units.unit(i).pixel, next);
      EXPECT_EQ(units.unit(i).strip.count, gap > 0 ? 41 : 1681);
      next += units.unit(i).strip.count;
    }
  }
}

struct SeenPanels {
  int64_t panels, columns;
  const float *weights, *bias;
  const float* output;
  const std::byte* ahead;
};
std::vector<SeenPanels> seen_panels;

PointwiseFunction see_panels(ActivationKind) {
  return [](const PointwiseStrip& strip) {
    seen_panels.push_back(
        {strip.panels, strip.columns, strip.weights, strip.bias, strip.output, strip.ahead});
  };
}

// Whole panels of whole tiles are one strip, within the unit's; others come one by one. Each asks
// for what is behind what those before it have asked for.
TEST(Shares, PanelsTogether) {
  const auto nothing_alone = [](ActivationKind kind, Residual order) {
    return kind == ActivationKind::kNone && order == Residual::kNone;
  };
  const PointwisePanel narrow = {8, see_panels};
  const PointwiseKernel kernel = {10, {16, see_panels, {}, nothing_alone}, &narrow};
  const ConvProblem p = square(10, 20, 70, 1, 1, 0);  // five panels, the last one of 6 outputs
  const PointwisePanels panels(kernel, p);
  std::vector<float> packed(static_cast<size_t>(panels.total())), output(100 * 70);
  const std::vector<std::byte> next(1 << 16);
  const auto strips = [&](int64_t first, int64_t last, int64_t count, ActivationKind kind,
                          Residual order) {
    seen_panels.clear();
    PointwiseUnits::Unit unit{{}, first, last, 0};
    unit.strip.count = count;
    unit.strip.depth = 20;
    unit.strip.activation.kind = kind;
    unit.strip.order = order;
    unit.strip.output = output.data();
    unit.strip.ahead = next.data();
    unit.strip.ahead_panel = 100;
    compute_panels(panels, packed.data(), unit);
    std::vector<int64_t> together;
    int64_t panel = first;
    for (const SeenPanels& seen : seen_panels) {
      EXPECT_EQ(seen.columns, panel == 4 ? 6 : 16);
      EXPECT_EQ(seen.weights - packed.data(), panels.weights(panel));
      EXPECT_EQ(seen.bias - packed.data(), panels.bias(panel));
      EXPECT_EQ(seen.output - output.data(), panel * 16);
      EXPECT_EQ(seen.ahead - next.data(), (panel - first) * 100);
      together.push_back(seen.panels);
      panel += seen.panels;
    }
    EXPECT_EQ(panel, last);
    return together;
  };
  using Counts = std::vector<int64_t>;
  constexpr ActivationKind kNone = ActivationKind::kNone, kSilu = ActivationKind::kSilu;
  constexpr Residual kNoMap = Residual::kNone, kMap = Residual::kAfterActivation;
  EXPECT_EQ(strips(0, 5, 30, kNone, kNoMap), (Counts{4, 1}));
  EXPECT_EQ(strips(1, 3, 30, kNone, kNoMap), (Counts{2}));
  EXPECT_EQ(strips(4, 5, 30, kNone, kNoMap), (Counts{1}));
  EXPECT_EQ(strips(0, 5, 31, kNone, kNoMap), (Counts{1, 1, 1, 1, 1}));
  EXPECT_EQ(strips(0, 3, 30, kSilu, kNoMap), (Counts{1, 1, 1}));
  EXPECT_EQ(strips(0, 3, 30, kNone, kMap), (Counts{1, 1, 1}));
}

#if SHRIKE_KERNELS_AVX2
TEST(Shares, PanelsOfFewPixels) {
  const ConvProblem p = square(10, 16, 96, 1, 1, 0);
  const TestMap input(10, 10, 16), output(10, 10, 96);
  const ConvMaps maps{input.view(), output.view(), {}};
  const PointwisePanels panels(kPointwiseAvx2, p);
  for (const int threads : {2, 3, 8}) {
    ThreadPool pool(threads);
    std::mutex mutex;
    std::set<std::pair<int64_t, int64_t>> seen;  // panels and first pixels
    int64_t pixels = 0;
    for_each_panel(panels, 6, p, maps, pool, [&](int64_t panel, PointwiseUnits::Unit& unit) {
      const std::lock_guard lock(mutex);
      EXPECT_EQ(unit.strip.output,
                output.view().data + unit.pixel * 96 + panels.first_output(panel));
      pixels += unit.strip.count;
      seen.emplace(panel, unit.pixel);
    });
    EXPECT_EQ(pixels, 100 * panels.count());
    EXPECT_GE(static_cast<int>(seen.size()), 4 * threads);
  }
}
#endif

TEST(Shares, WinogradBlocks) {
  for (const int64_t tiles : {1, 7, 64, 121, 400, 1600})
    for (const int64_t block : {8, 32, 61})
      for (const int threads : {1, 2, 3, 16})
        for (const WinogradWeights weights :
             {WinogradWeights::kNear, WinogradWeights::kFar, WinogradWeights::kMade}) {
          const WinogradUnits units(tiles, block, 5, weights, threads);
          std::vector<int64_t> sizes;
          int64_t next = 0;
          for (int64_t i = 0; i < units.blocks(); ++i) {
            const WinogradUnits::Unit unit = units.whole(i);
            EXPECT_EQ(unit.first, next);
            next = unit.last;
            sizes.push_back(unit.tiles());
            EXPECT_LE(unit.tiles(), block);
          }
          EXPECT_EQ(next, tiles);
          EXPECT_LE(difference(sizes), 1);
          if (weights == WinogradWeights::kFar) {
            EXPECT_EQ(units.blocks(), divide_up(tiles, block));
          } else if (units.parts(units.blocks()) == 1 && units.blocks() < tiles) {
            EXPECT_EQ(units.blocks() % threads, 0) << tiles << " " << block << " " << threads;
          }
        }
}

// Weights that are made in the run are made as seldom as that leaves something to do for each.
TEST(Shares, WinogradBlocksWhoseWeightsAreMade) {
  const auto units = [](int64_t tiles, int64_t panels, int threads) {
    return WinogradUnits(tiles, 48, panels, WinogradWeights::kMade, threads);
  };
  EXPECT_EQ(units(36, 8, 2).blocks(), 1);
  EXPECT_EQ(units(36, 1, 2).blocks(), 2);
  EXPECT_EQ(units(64, 2, 2).blocks(), 2);
  EXPECT_EQ(units(64, 2, 2).parts(2), 1);
  EXPECT_EQ(units(121, 4, 2).blocks(), 4);
  for (const int threads : {4, 8, 16})
    for (const int64_t panels : {1, 2, 4}) {
      const WinogradUnits many = units(256, panels, threads);
      EXPECT_GE(many.blocks() * many.parts(many.blocks()), threads) << threads << " " << panels;
    }
}

// Each panel once, from what the same worker has made of all tiles.
TEST(Shares, WinogradBlocksOfTwoThreads) {
  struct Work {
    std::vector<int64_t>& made;      // by worker
    std::vector<int64_t>& computed;  // by panel
    void transform(int place, const WinogradUnits::Unit& unit, int64_t t) const {
      EXPECT_EQ(unit.tiles(), 9);
      EXPECT_EQ(made[static_cast<size_t>(place)]++ % 10, t);
    }
    int64_t starts() const { return 1; }
    void start(int place, const WinogradUnits::Unit&, int64_t) const {
      EXPECT_EQ(made[static_cast<size_t>(place)]++ % 10, 9);
    }
    void compute(int place, int worker, const WinogradUnits::Unit& unit) const {
      EXPECT_EQ(place, worker);
      EXPECT_EQ(made[static_cast<size_t>(place)] % 10, 0);
      EXPECT_GT(made[static_cast<size_t>(place)], 0);
      EXPECT_EQ(unit.tiles(), 9);
      for (int64_t panel = unit.begin; panel < unit.end; ++panel)
        ++computed[static_cast<size_t>(panel)];
    }
  };
  for (const int64_t panels : {2, 5, 32}) {
    ThreadPool pool(2);
    std::vector<int64_t> made(2), computed(static_cast<size_t>(panels));
    compute_block_apart(WinogradUnits(9, 48, panels, WinogradWeights::kMade, 2), pool,
                        Work{made, computed});
    EXPECT_EQ(made[0] + made[1], 20);
    EXPECT_EQ(computed, std::vector<int64_t>(computed.size(), 1));
  }
}

TEST(Shares, RowsOfDepthwiseLayers) {
  for (const int64_t rows : {0, 1, 5, 10, 20, 80})
    for (const int64_t blocks : {1, 9, 28})
      for (const int threads : {1, 2, 3, 8, 64}) {
        SCOPED_TRACE(std::to_string(rows) + " " + std::to_string(blocks) + " " +
                     std::to_string(threads));
        const SweepUnits units(rows, blocks, threads);
        std::vector<int64_t> seen(static_cast<size_t>(rows * blocks));
        std::vector<int64_t> own(static_cast<size_t>(threads));
        for (int64_t i = 0; i < units.count(); ++i) {
          const SweepUnits::Unit unit = units.unit(i);
          for (int64_t y = unit.first_row; y < unit.last_row; ++y)
            for (int64_t b = unit.first_block; b < unit.last_block; ++b) {
              ++seen[static_cast<size_t>(y * blocks + b)];
              ++own[static_cast<size_t>(i * threads / units.count())];
            }
        }
        EXPECT_EQ(seen, std::vector<int64_t>(seen.size(), 1));
        if (threads == 1 || rows >= 3 * threads) {
          EXPECT_LE(difference(own), blocks);
        } else {
          EXPECT_GE(units.count(), std::min<int64_t>(4 * threads, blocks));
        }
      }
}

TEST(Shares, RowsOfElements) {
  for (const int threads : {1, 2, 3})
    for (const int64_t length : {1, 81, 20000})
      for (const int64_t rows : {1, 2, 300, 5000}) {
        ThreadPool pool(threads);
        std::mutex mutex;
        std::vector<int64_t> sizes;
        for_each_group(rows, length, pool, [&](int64_t first, int64_t last) {
          const std::lock_guard lock(mutex);
          sizes.push_back(last - first);
        });
        int64_t all = 0;
        for (const int64_t size : sizes) all += size;
        EXPECT_EQ(all, rows);
        EXPECT_LE(difference(sizes), 1);
        const auto groups = static_cast<int64_t>(sizes.size());
        EXPECT_TRUE(groups == 1 || groups == rows || groups % threads == 0) << groups;
      }
}

}  // namespace
}  // namespace shrike::kernels
