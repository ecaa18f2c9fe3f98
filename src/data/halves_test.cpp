#include "data/halves.h"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(HeldOut, AShareByTheNames) {
  std::vector<std::filesystem::path> pictures;
  for (int i = 0; i < 205; ++i) pictures.push_back("picture" + std::to_string(i) + ".jpg");
  const std::vector<bool> fifth = held_out(pictures, 0.2), quarter = held_out(pictures, 0.25);
  EXPECT_EQ(std::count(fifth.begin(), fifth.end(), true), 41);
  for (size_t i = 0; i < pictures.size(); ++i) EXPECT_LE(fifth[i], quarter[i]) << pictures[i];
  std::vector<std::filesystem::path> elsewhere;
  for (size_t i = pictures.size(); i > 0; --i)
    elsewhere.push_back("/elsewhere/" + pictures[i - 1].stem().string() + ".png");
  const std::vector<bool> again = held_out(elsewhere, 0.2);
  EXPECT_TRUE(std::equal(fifth.begin(), fifth.end(), again.rbegin()));
  EXPECT_NEAR(std::count(fifth.begin(), fifth.begin() + 100, true), 20, 10) << "not the first ones";
}

TEST(HeldOut, AllAndNone) {
  EXPECT_EQ(held_out({"a.jpg", "b.jpg"}, 0), std::vector<bool>(2, false));
  EXPECT_EQ(held_out({"a.jpg", "b.jpg"}, 1), std::vector<bool>(2, true));
  EXPECT_TRUE(held_out({}, 0.5).empty());
}

// So that a set is cut at the same place by every version and every program.
TEST(HeldOut, KnownOnes) {
  const std::vector<bool> half =
      held_out({"BloodImage_00007.jpg", "000000000025.jpg", "BloodImage_00001.jpg", "a.png"}, 0.5);
  EXPECT_EQ(half, (std::vector<bool>{true, false, true, false}));
}

}  // namespace
}  // namespace shrike
