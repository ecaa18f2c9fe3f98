#include "engine/look_ahead.h"

#include <gtest/gtest.h>

#include <vector>

namespace shrike {
namespace {

struct Asked {
  size_t step;
  int64_t first, last;  // from the block's begin
  bool operator==(const Asked&) const = default;
};

// Steps of so many bytes, of which some ask.
std::vector<Asked> asked(const std::vector<int64_t>& bytes, const std::vector<bool>& asks,
                         int64_t most) {
  int64_t total = 0;
  for (const int64_t size : bytes) total += size;
  std::vector<std::byte> block(static_cast<size_t>(total));
  std::vector<std::byte*> places = {block.data()};
  for (const int64_t size : bytes) places.push_back(places.back() + size);
  std::vector<Asked> result;
  share_ahead(places, most, [&](size_t i, std::span<const std::byte> next) {
    if (asks[i])
      result.push_back({i, next.data() - block.data(), next.data() + next.size() - block.data()});
    return static_cast<bool>(asks[i]);
  });
  return result;
}

TEST(LookAhead, EachByteIsAskedForOnceByAStepBeforeIt) {
  EXPECT_EQ(asked({10, 20, 30, 5}, {true, true, true, true}, 25),
            (std::vector<Asked>{{0, 10, 35}, {1, 35, 55}, {2, 60, 65}}));
  EXPECT_EQ(asked({10, 20, 30, 5}, {true, true, true, true}, 1000),
            (std::vector<Asked>{{0, 10, 65}}));
}

TEST(LookAhead, StepsThatDoNotAskLeaveItToOthers) {
  EXPECT_EQ(asked({10, 20, 30, 5}, {false, true, false, true}, 25),
            (std::vector<Asked>{{1, 30, 55}}));
  EXPECT_EQ(asked({10, 20, 30, 5}, {false, false, false, false}, 25), std::vector<Asked>());
}

TEST(LookAhead, NothingIsBehindTheLastWeights) {
  EXPECT_EQ(asked({7}, {true}, 25), std::vector<Asked>());
  EXPECT_EQ(asked({0, 7, 0}, {true, true, true}, 25), (std::vector<Asked>{{0, 0, 7}}));
}

}  // namespace
}  // namespace shrike
