#include "formats/darknet/cfg.h"

#include <gtest/gtest.h>

namespace shrike::darknet {
namespace {

TEST(DarknetCfg, AsTolerantAsDarknet) {
  const Result<std::vector<Section>> sections = parse_cfg(
      "\xEF\xBB\xBF# a comment\r\n"
      " [ net ]\r\n"
      "width = 4 16 ; behind\n"
      "; another\n"
      "\t\n"
      "[yolo]\n"
      "mask = 0, 1,\t2,\n"
      "anchors=10,14.5, 1e1,-2\n"
      "mask=9\n"
      "empty=\n",
      "a.cfg");
  ASSERT_TRUE(sections) << sections.error().message;
  ASSERT_EQ(sections->size(), 2u);
  const Section& net = (*sections)[0];
  EXPECT_EQ(net.name, "net");
  EXPECT_EQ(net.line, 2);
  EXPECT_EQ(net.layer, -1);
  EXPECT_EQ(*net.integer("width", 0), 416);  // Darknet drops blanks inside, too
  const Section& yolo = (*sections)[1];
  EXPECT_EQ(yolo.layer, 0);
  EXPECT_EQ(*yolo.integers("mask"), (std::vector<int64_t>{0, 1, 2}));  // the first one counts
  EXPECT_EQ(*yolo.reals("anchors"), (std::vector<float>{10, 14.5f, 10, -2}));
  EXPECT_EQ(*yolo.integer("absent", 7), 7);
  EXPECT_EQ(yolo.text("empty", "x"), "");
  EXPECT_EQ(yolo.fail("why").message, "[yolo] (layer 0, line 6): why");
}

TEST(DarknetCfg, NumbersAreChecked) {
  const Result<std::vector<Section>> sections =
      parse_cfg("[net]\na=x\nb=1.5\nc=99999999999999999999\nd=1,x\ne=nan\nf=5\ng=+3\n", "a.cfg");
  ASSERT_TRUE(sections);
  const Section& net = (*sections)[0];
  for (const char* key : {"a", "b", "c"}) EXPECT_FALSE(net.integer(key, 0)) << key;
  EXPECT_FALSE(net.integers("d"));
  EXPECT_FALSE(net.real("e", 0));
  EXPECT_EQ(*net.integer("g", 0), 3);
  EXPECT_TRUE(net.integer("f", 0, 1, 5));
  const Result<int64_t> out = net.integer("f", 0, 1, 4);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message, "[net] (line 1): option f=5 is not in 1..4");
}

TEST(DarknetCfg, WrongFilesNameTheLine) {
  const auto error = [](const std::string& text) {
    const Result<std::vector<Section>> sections = parse_cfg(text, "a.cfg");
    EXPECT_FALSE(sections) << text;
    return sections ? "" : sections.error().message;
  };
  EXPECT_NE(error("").find("[net]"), std::string::npos);
  EXPECT_NE(error("[yolo]\n").find("[net]"), std::string::npos);
  EXPECT_NE(error("a=1\n").find("a.cfg: line 1"), std::string::npos);
  EXPECT_NE(error("[net]\nword\n").find("line 2"), std::string::npos);
  EXPECT_NE(error("[net]\n=1\n").find("line 2"), std::string::npos);
  EXPECT_NE(error("[net\n").find("line 1"), std::string::npos);
}

TEST(DarknetCfg, OptionsOfAnyLengthMakeShortMessages) {
  const std::string digits(1'000'000, '7');
  const Result<std::vector<Section>> sections =
      parse_cfg("[net]\na=" + digits + "\n[" + digits + "]\na=" + digits + "\n", "a.cfg");
  ASSERT_TRUE(sections);
  for (const Section& section : *sections)
    for (const Error& error :
         {section.integer("a", 0).error(), section.integers("a").error(), section.fail("why")})
      EXPECT_LT(error.message.size(), 1000u);
}

}  // namespace
}  // namespace shrike::darknet
