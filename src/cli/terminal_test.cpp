#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace shrike {
namespace {

TEST(Terminal, ProgressText) {
  EXPECT_EQ(progress_text(0, 10, 0), "[------------------------] 0/10");
  EXPECT_EQ(progress_text(5, 10, 2), "[############------------] 5/10  2.5/s  2 s left");
  EXPECT_EQ(progress_text(10, 10, 0.01), "[########################] 10/10  1000/s  0 s left");
  EXPECT_EQ(progress_text(12, 10, 1).substr(0, 32), "[########################] 10/10");
  EXPECT_EQ(progress_text(0, 0, 0), "[########################] 0/0");
}

TEST(Terminal, NamesTakeOneLine) {
  EXPECT_EQ(printable("a b/\xc3\xa4.jpg"), "a b/\xc3\xa4.jpg");
  EXPECT_EQ(printable("a\nb\tc\rd\x1b[0m\x7f"), "a\\nb\\tc\\rd\\x1b[0m\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xc2\xa0\xc2"),
            "\\xc2\\x9b2J\xc2\xa0\xc2");
}

}  // namespace
}  // namespace shrike
