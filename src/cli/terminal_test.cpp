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

}  // namespace
}  // namespace shrike
