#include "vision/draw.h"

#include <limits>
#include <set>

#include "vision/class_name.h"
#include "vision/golden_test.h"
#include "vision/palette.h"
#include "vision/utf8.h"

namespace shrike {
namespace {

Colour colour_at(const Image& image, int x, int y) {
  const uint8_t* p = image.pixel(x, y);
  return {p[0], p[1], p[2]};
}

TEST(Draw, NothingChangesWithoutDetections) {
  const Image picture = golden::noise_image(33, 21, 1);
  const auto drawn = draw_detections(picture, {}, {});
  ASSERT_TRUE(drawn.ok());
  EXPECT_EQ(*drawn, picture);
}

TEST(Draw, BoxHasTheColourOfItsClass) {
  const Image picture = golden::noise_image(200, 160, 1);
  const Detection detection{{50, 60, 150, 120}, 0.8f, 3};
  const auto drawn = draw_detections(picture, {&detection, 1}, {});
  ASSERT_TRUE(drawn.ok());
  EXPECT_EQ(colour_at(*drawn, 100, 119), class_colour(3));               // lower edge
  EXPECT_EQ(colour_at(*drawn, 100, 90), colour_at(picture, 100, 90));    // inside
  EXPECT_EQ(colour_at(*drawn, 100, 140), colour_at(picture, 100, 140));  // below
  EXPECT_NE(colour_at(*drawn, 60, 55), colour_at(picture, 60, 55));      // the label above
}

TEST(Draw, AwkwardBoxesAndNamesAreHarmless) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<Detection> detections = {
      {{-50, -50, 500, 500}, 0.9f, 0}, {{5, 5, 5, 5}, 0.9f, 1},         {{9, 9, 2, 2}, 0.5f, 2},
      {{inf, 0, 3, 3}, 0.5f, 0},       {{0, 0, 3, 3}, inf, 0},          {{0, 0, 8, 8}, 0.5f, -7},
      {{2, 2, 30, 30}, 0.5f, 3},       {{1, 1, 9, 9}, 0.5f, 2147483647}};
  const std::vector<std::string> names = {std::string("nul\0byte", 8), "\xFF\xFE\xEF\xBF\xBF", "",
                                          std::string(3000, 'x')};
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 50}, {40, 31}}) {
    const auto drawn = draw_detections(golden::noise_image(w, h, 2), detections, names);
    ASSERT_TRUE(drawn.ok()) << drawn.error().message;
    EXPECT_EQ(drawn->width(), w);
    EXPECT_EQ(drawn->height(), h);
  }
}

TEST(DrawTruth, BoxIsDashedInTheColourOfItsClass) {
  const Image picture(200, 160);
  const Truth truth{50, 60, 100, 60, 6000, 3};
  const auto drawn = draw_truth(picture, {&truth, 1}, {});
  ASSERT_TRUE(drawn.ok());
  int coloured = 0, dark = 0;
  for (int x = 52; x < 148; ++x) {
    const Colour colour = colour_at(*drawn, x, 119);
    coloured += colour == class_colour(3);
    dark += colour == Colour{};
  }
  EXPECT_GT(coloured, 30);
  EXPECT_GT(dark, 15);
  EXPECT_EQ(colour_at(*drawn, 100, 100), Colour{});  // inside
  EXPECT_NE(colour_at(*drawn, 53, 55), Colour{});    // the label above
}

TEST(DrawTruth, CrowdsAreNamedAndAwkwardObjectsAreHarmless) {
  const Image picture = golden::noise_image(200, 100, 2);
  const std::vector<std::string> names = {"a"};
  Truth truth{50, 60, 100, 60, 6000, 0};
  const auto plain = draw_truth(picture, {&truth, 1}, names);
  truth.crowd = true;
  const auto crowd = draw_truth(picture, {&truth, 1}, names);
  ASSERT_TRUE(plain.ok() && crowd.ok());
  EXPECT_NE(*plain, *crowd);
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Truth> awkward = {{inf, 0, 1, 1, 1, 0},
                                      {0, 0, 1e300, 1, 1, 0},
                                      {5, 5, 0, 0, 0, -3},
                                      {-9, -9, 999, 999, 1, 2147483647}};
  EXPECT_TRUE(draw_truth(picture, awkward, names).ok());
}

TEST(Draw, TooLargeIsAnError) {
  const auto drawn = draw_detections(Image(32'768, 1), {}, {});
  ASSERT_FALSE(drawn.ok());
  EXPECT_EQ(drawn.error().kind, ErrorKind::kInput) << "another picture may well be drawn on";
}

TEST(ClassName, IsItsNumberWhereNobodyNamesIt) {
  const std::vector<std::string> names = {"cat", ""};
  EXPECT_EQ(class_name(names, 0), "cat");
  EXPECT_EQ(class_name(names, 1), "");
  EXPECT_EQ(class_name(names, 2), "class 2");
  EXPECT_EQ(class_name(names, -1), "class -1");
  EXPECT_EQ(class_name({}, 0), "class 0");
}

TEST(Palette, TextIsLegibleAndNeighboursDiffer) {
  std::set<int> seen;
  for (int id = 0; id < 80; ++id) {
    const Colour c = class_colour(id);
    EXPECT_GE(contrast(c, text_colour_on(c)), 4.5) << id;
    EXPECT_TRUE(seen.insert(c.r << 16 | c.g << 8 | c.b).second) << id;
    const Colour next = class_colour(id + 1);
    EXPECT_GT(std::abs(c.r - next.r) + std::abs(c.g - next.g) + std::abs(c.b - next.b), 90) << id;
  }
  EXPECT_EQ(contrast({0, 0, 0}, {255, 255, 255}), 21.0);
}

TEST(Utf8, OnlyWellFormedTextPasses) {
  EXPECT_EQ(to_printable_utf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xB2"),
            "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x9A\xB2");
  EXPECT_EQ(to_printable_utf8("a\nb\x7F"), "a?b?");
  EXPECT_EQ(to_printable_utf8("\xC0\x80"), "??");                   // overlong
  EXPECT_EQ(to_printable_utf8("\xED\xA0\x80"), "???");              // a surrogate
  EXPECT_EQ(to_printable_utf8("\xF4\x90\x80\x80"), "????");         // past the last character
  EXPECT_EQ(to_printable_utf8("x\xE2\x82"), "x??");                 // cut off
  EXPECT_EQ(to_printable_utf8("\xC2\x9B \xC2\xA0"), "? \xC2\xA0");  // a control character, a blank
  EXPECT_EQ(to_printable_utf8("\xEF\xBF\xBF\xEF\xB7\x90\xF4\x8F\xBF\xBE"), "???");  // noncharacters
  EXPECT_EQ(to_printable_utf8("\xEF\xBF\xBD\xEF\xB7\x8F"), "\xEF\xBF\xBD\xEF\xB7\x8F");
  EXPECT_EQ(to_printable_utf8(""), "");
}

}  // namespace
}  // namespace shrike
