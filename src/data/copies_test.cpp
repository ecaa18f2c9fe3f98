#include "data/copies.h"

#include "data/test_set.h"

namespace shrike {
namespace {

using Paths = std::vector<std::filesystem::path>;
using Flags = std::vector<bool>;

class CopiesTest : public DataTest {};

TEST_F(CopiesTest, SameBytesUnderAnyName) {
  const Paths pictures = {file("a/1", "one"), file("a/2", "two"), file("a/3", "three"),
                          file("a/4", "")};
  const Paths others = {file("b/x", "two"), file("b/y", "fours"), file("b/z", "")};
  EXPECT_EQ(copies_of(pictures, others), (Flags{false, true, false, true}));
  EXPECT_EQ(copies_of(others, pictures), (Flags{true, false, true}));
  EXPECT_EQ(copies_of(pictures, pictures), Flags(4, true));
  EXPECT_EQ(copies_of(pictures, {}), Flags(4, false));
  EXPECT_TRUE(copies_of({}, others).empty());
}

// Of one size; the middle is the same, too, and what differs lies far from it.
TEST_F(CopiesTest, ABytesDifferenceAnywhere) {
  const std::string bytes(700000, 'x');
  const auto with = [&](size_t at) {
    std::string other = bytes;
    other[at] = 'y';
    return other;
  };
  const Paths pictures = {file("whole", bytes), file("first", with(0)),
                          file("middle", with(350000)), file("last", with(699999))};
  for (size_t i = 0; i < pictures.size(); ++i) {
    Flags expected(4, false);
    expected[i] = true;
    EXPECT_EQ(copies_of(pictures, {pictures[i]}), expected) << i;
  }
  EXPECT_EQ(copies_of({pictures[0], pictures[3]}, {file("again", with(699999))}),
            (Flags{false, true}));
}

TEST_F(CopiesTest, WhatCannotBeReadIsNoCopy) {
  const Paths pictures = {at("none"), file("a", "a")};
  EXPECT_EQ(copies_of(pictures, pictures), (Flags{false, true}));
  EXPECT_EQ(copies_of({folder_.path()}, {folder_.path()}), Flags{false});
}

}  // namespace
}  // namespace shrike
