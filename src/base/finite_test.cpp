#include "base/finite.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace shrike {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

TEST(Finite, WhereverTheOneThatIsNotStands) {
  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
        std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (const size_t count : {1, 2, 7, 16, 31, 33, 67}) {
      std::vector<float> values(count, 0.5f);
      values[0] = -kLargest;
      values[count - 1] = kLargest;
      EXPECT_TRUE(all_finite(values)) << count;
      for (size_t i = 0; i < count; ++i) {
        std::vector<float> other = values;
        other[i] = wrong;
        EXPECT_FALSE(all_finite(other)) << i << " of " << count;
        EXPECT_FALSE(all_finite(Tensor::from(Shape{static_cast<int64_t>(count)}, other)));
      }
    }
  EXPECT_TRUE(all_finite(std::vector<float>()));
}

TEST(Finite, TensorsOfEachType) {
  Tensor halves(DType::kF16, Shape{3});
  for (uint16_t& half : halves.mutable_data<uint16_t>()) half = 0x7bff;  // the largest
  EXPECT_TRUE(all_finite(halves));
  for (const uint16_t wrong : std::vector<uint16_t>{0x7c00, 0xfc00, 0x7e00}) {
    halves.mutable_data<uint16_t>()[2] = wrong;
    EXPECT_FALSE(all_finite(halves)) << wrong;
  }
  EXPECT_TRUE(all_finite(Tensor::from<double>(Shape{2}, {1e300, -0.0})));
  EXPECT_FALSE(
      all_finite(Tensor::from<double>(Shape{2}, {0, -std::numeric_limits<double>::infinity()})));
  EXPECT_TRUE(all_finite(Tensor::from<int32_t>(Shape{1}, {0x7f800000})));
}

}  // namespace
}  // namespace shrike
