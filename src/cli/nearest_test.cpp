#include "cli/nearest.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

TEST(Nearest, Distances) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("Conf", "conf"), 0);
  EXPECT_EQ(edit_distance("cofn", "conf"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(Nearest, FindsWhatWasMeant) {
  const std::vector<std::string> names = {"detect", "inspect", "convert", "run", "bench"};
  EXPECT_EQ(nearest_name("detcet", names), "detect");
  EXPECT_EQ(nearest_name("insepct", names), "inspect");
  EXPECT_EQ(nearest_name("rnu", names), "run");
  EXPECT_EQ(nearest_name("weather", names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
  EXPECT_EQ(suggestion("benhc", names), "; did you mean bench?");
  EXPECT_EQ(suggestion("weather", names), "");
}

}  // namespace
}  // namespace shrike
