#include "cli/values.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

TEST(Values, Sizes) {
  EXPECT_EQ(*parse_size("640"), (std::array{640, 640}));
  EXPECT_EQ(*parse_size("480,640"), (std::array{480, 640}));
  EXPECT_EQ(*parse_size("480x640"), (std::array{480, 640}));
  EXPECT_EQ(*parse_size("[480, 640]"), (std::array{480, 640}));
  for (const char* wrong : {"", "x", "640,", ",640", "640,640,3", "6.4", "-640", "0", "99999999999",
                            "20000", "640 640", "[640"})
    EXPECT_FALSE(parse_size(wrong)) << wrong;
}

TEST(Values, Classes) {
  const std::vector<std::string> names = {"person", "bicycle", "traffic light"};
  EXPECT_EQ(*parse_classes("2,0, 2", names), (std::vector{0, 2}));
  EXPECT_EQ(*parse_classes("Traffic Light,person", names), (std::vector{0, 2}));
  EXPECT_NE(parse_classes("bicylce", names).error().message.find("bicycle"), std::string::npos);
  for (const char* wrong : {"", ",", "3", "-1", "person,"})
    EXPECT_FALSE(parse_classes(wrong, names)) << wrong;
}

TEST(Values, Choices) {
  struct Row {
    int value;
    std::string_view name;
  };
  constexpr Row kRows[] = {{1, "one"}, {2, "two"}};
  EXPECT_EQ(*parse_choice("--n", "two", kRows), 2);
  EXPECT_EQ(parse_choice("--n", "three", kRows).error().message, "--n three: not one of one, two");
}

TEST(Values, Bytes) {
  EXPECT_EQ(*parse_bytes("1"), 1u);
  EXPECT_EQ(*parse_bytes("512M"), uint64_t{512} << 20);
  EXPECT_EQ(*parse_bytes("8gib"), uint64_t{8} << 30);
  EXPECT_EQ(*parse_bytes("3kb"), 3072u);
  EXPECT_EQ(*parse_bytes("2T"), uint64_t{2} << 40);
  EXPECT_EQ(*parse_bytes("7B"), 7u);
  EXPECT_EQ(*parse_bytes("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(*parse_bytes("16777215T"), uint64_t{16777215} << 40);
  for (const char* bad : {"", "x", "-1", "1x", "1Mx", "1.5G", "0", "0G", "18446744073709551616",
                          "16777216T", "99999999999999999999999999"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
  EXPECT_LT(parse_bytes(std::string(1'000'000, '7')).error().message.size(), 1000u);
}

}  // namespace
}  // namespace shrike
