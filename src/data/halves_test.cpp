#include "data/halves.h"

#include <gtest/gtest.h>

#include <string>

namespace shrike {
namespace {

TEST(Halves, ByTheNameAlone) {
  for (const char* name : {"000000000009", "a", "", "BloodImage_00007", "\xc3\xa4"}) {
    const std::string stem = name;
    EXPECT_EQ(in_first_half(stem + ".jpg"), in_first_half("/elsewhere/" + stem + ".png")) << name;
  }
}

// So that a set is cut at the same place by every version and every program.
TEST(Halves, KnownOnes) {
  EXPECT_TRUE(in_first_half("BloodImage_00007.jpg"));
  EXPECT_FALSE(in_first_half("000000000025.jpg"));
}

TEST(Halves, AboutTheSameSize) {
  int first = 0;
  for (int i = 0; i < 1000; ++i) first += in_first_half("picture" + std::to_string(i) + ".jpg");
  EXPECT_GT(first, 440);
  EXPECT_LT(first, 560);
}

}  // namespace
}  // namespace shrike
