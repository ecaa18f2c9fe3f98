#include "base/excerpt.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace shrike {
namespace {

TEST(Excerpt, PrintableTakesOneLine) {
  EXPECT_EQ(printable("a b/\xc3\xa4.jpg"), "a b/\xc3\xa4.jpg");
  EXPECT_EQ(printable("a\nb\tc\rd\x1b[0m\x7f"), "a\\nb\\tc\\rd\\x1b[0m\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xc2\xa0\xc2"),
            "\\xc2\\x9b2J\xc2\xa0\xc2");
  EXPECT_EQ(printable(printable("a\n\x1b\\")), printable("a\n\x1b\\"));
}

TEST(Excerpt, LongTextsLoseTheirMiddle) {
  const std::string most(kExcerptHead + kExcerptTail, 'x');
  EXPECT_EQ(excerpt(most), most);
  EXPECT_EQ(excerpt(most + "y"),
            std::string(kExcerptHead, 'x') + "...(1 bytes)..." + std::string(79, 'x') + "y");
  EXPECT_EQ(in_quotes("a\n"), "'a\\n'");
  EXPECT_LT(excerpt(std::string(1 << 20, '\x01')).size(), 1000u);
  EXPECT_LT(shown_path(std::string(1 << 20, 'x')).size(), 1000u);
  const std::string path(4000, 'x');
  EXPECT_EQ(shown_path(path), path);
}

TEST(Excerpt, NoCharacterIsCutInTwo) {
  for (const std::string character : {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
    for (size_t before = 0; before < 4; ++before) {
      std::string text(before, 'x');
      while (text.size() < 1000) text += character;
      EXPECT_TRUE(is_utf8(excerpt(text))) << excerpt(text);
    }
  // What is no UTF-8 is cut all the same.
  EXPECT_LT(excerpt(std::string(1 << 20, '\x80')).size(), 1000u);
}

}  // namespace
}  // namespace shrike
