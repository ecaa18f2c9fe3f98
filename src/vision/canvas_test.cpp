#include "vision/canvas.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "vision/decode.h"
#include "vision/encode.h"
#include "vision/text_width.h"
#include "vision/utf8.h"

namespace shrike {
namespace {

constexpr Colour kWhite{255, 255, 255}, kRed{255, 0, 0}, kBlue{0, 0, 255};

Colour colour_at(const Image& image, int x, int y) {
  const uint8_t* p = image.pixel(x, y);
  return {p[0], p[1], p[2]};
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Canvas, DrawsWhereItIsTold) {
  Canvas canvas(40, 30, kWhite);
  canvas.rectangle({10, 5, 10, 10}, {kRed});
  canvas.line({0, 20}, {40, 20}, {{kBlue}, 2});
  canvas.polygon({{30, 0}, {40, 0}, {40, 10}, {30, 10}}, {kBlue});
  canvas.circle({5, 26}, 3, {kRed});
  const auto image = canvas.to_image(2);
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->width(), 80);
  EXPECT_EQ(image->height(), 60);
  EXPECT_EQ(colour_at(*image, 0, 0), kWhite);
  EXPECT_EQ(colour_at(*image, 20, 10), kRed);
  EXPECT_EQ(colour_at(*image, 39, 29), kRed);
  EXPECT_EQ(colour_at(*image, 40, 29), kWhite);
  EXPECT_EQ(colour_at(*image, 79, 39), kBlue);
  EXPECT_EQ(colour_at(*image, 79, 42), kWhite);
  EXPECT_EQ(colour_at(*image, 70, 10), kBlue);
  EXPECT_EQ(colour_at(*image, 10, 52), kRed);
}

TEST(Canvas, WhatIsClippedDoesNotShow) {
  Canvas canvas(20, 20, kWhite);
  canvas.begin_clip({5, 5, 10, 10});
  canvas.begin_clip({0, 0, 10, 20});
  canvas.rectangle({0, 0, 20, 20}, {kRed});
  canvas.end_clip();
  canvas.end_clip();
  canvas.rectangle({0, 0, 2, 2}, {kBlue});
  const auto image = canvas.to_image(1);
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(colour_at(*image, 1, 1), kBlue);
  EXPECT_EQ(colour_at(*image, 4, 8), kWhite);
  EXPECT_EQ(colour_at(*image, 5, 5), kRed);
  EXPECT_EQ(colour_at(*image, 9, 14), kRed);
  EXPECT_EQ(colour_at(*image, 10, 8), kWhite);
  const std::string svg = canvas.to_svg("clipped");
  EXPECT_EQ(count(svg, "<svg"), 3);
  EXPECT_EQ(count(svg, "</svg>"), 3);
}

TEST(Canvas, TextIsAnchoredAndTurned) {
  const auto ink = [](Anchor anchor, double rotation) {
    Canvas canvas(100, 100, kWhite);
    canvas.text({50, 50}, "HHHH",
                {.size = 10, .ink = {{}}, .anchor = anchor, .centred = true, .rotation = rotation});
    const auto image = canvas.to_image(1);
    EXPECT_TRUE(image.ok());
    int left = 0, right = 0, above = 0, below = 0;
    for (int y = 0; y < 100; ++y)
      for (int x = 0; x < 100; ++x)
        if (colour_at(*image, x, y).r < 128) ++(x < 50 ? left : right), ++(y < 50 ? above : below);
    return std::array{left, right, above, below};
  };
  const auto start = ink(Anchor::kStart, 0), middle = ink(Anchor::kMiddle, 0),
             end = ink(Anchor::kEnd, 0), turned = ink(Anchor::kStart, 90);
  EXPECT_EQ(start[0], 0);
  EXPECT_GT(start[1], 20);
  EXPECT_GT(middle[0], 10);
  EXPECT_GT(middle[1], 10);
  EXPECT_GT(end[0], 20);
  EXPECT_EQ(end[1], 0);
  EXPECT_GT(start[2], 4) << "centred text lies on both sides of the point";
  EXPECT_GT(start[3], 4);
  EXPECT_EQ(turned[2], 0) << "a quarter turn clockwise runs downwards";
  EXPECT_GT(turned[3], 20);
}

TEST(Canvas, SvgSaysTheSame) {
  Canvas canvas(40.5, 30, kWhite);
  canvas.polyline({{0, 0}, {1.005, 2.5}, {-0.001, 30}}, {{kRed, 0.5}, 2, {4, 2}});
  canvas.text({3, 4}, "a<b>&\"c'\xFF",
              {.size = 9, .ink = {kBlue}, .anchor = Anchor::kEnd, .bold = true, .rotation = -90});
  EXPECT_EQ(
      canvas.to_svg("x<y"),
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40.5\" height=\"30\" "
      "viewBox=\"0 0 40.5 30\" role=\"img\" aria-label=\"x&lt;y\" fill=\"none\" "
      "stroke-linejoin=\"round\" font-family=\"'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',"
      "sans-serif\">\n"
      "<rect x=\"0\" y=\"0\" width=\"40.5\" height=\"30\" fill=\"#ffffff\"/>\n"
      "<polyline points=\"0,0 1,2.5 0,30\" stroke=\"#ff0000\" stroke-opacity=\"0.5\" "
      "stroke-width=\"2\" stroke-dasharray=\"4 2\"/>\n"
      "<text transform=\"translate(3 4) rotate(-90)\" y=\"0\" font-size=\"9\" fill=\"#0000ff\" "
      "font-weight=\"bold\" text-anchor=\"end\">a&lt;b&gt;&amp;&quot;c&#39;?</text>\n"
      "</svg>\n");
}

TEST(Canvas, LeavesOutWhatIsNotFinite) {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  Canvas canvas(10, 10, kWhite);
  canvas.line({nan, 1}, {2, 2}, {});
  canvas.polygon({{0, 0}, {inf, 1}, {2, 2}}, {});
  canvas.rectangle({0, 0, inf, 1}, {});
  canvas.rectangle({0, 0, 0, 1}, {});
  canvas.circle({1, nan}, 1, {});
  canvas.circle({1, 1}, 0, {});
  canvas.text({nan, 1}, "x", {});
  canvas.text({1, 1}, "", {});
  EXPECT_TRUE(canvas.commands().empty());
  canvas.polyline({{1, 1}, {nan, 3}, {5, 5}}, {});
  EXPECT_EQ(canvas.commands().size(), 1);
}

TEST(Canvas, TheSameDrawingGivesTheSameBytes) {
  const auto drawing = [] {
    Canvas canvas(120, 40, kWhite);
    canvas.text({4, 20}, "precision \xE2\x82\xAC 0.5", {.ink = {kBlue}});
    canvas.circle({100, 20}, 7.3, {kRed, 0.3});
    return canvas;
  };
  EXPECT_EQ(drawing().to_svg("x"), drawing().to_svg("x"));
  const auto a = drawing().to_image(), b = drawing().to_image();
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(*a, *b);
  const auto png = encode_png(*a);
  ASSERT_TRUE(png.ok());
  const auto back = decode_image(*png);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, *a);
}

TEST(Canvas, TooLargeIsAnError) {
  const auto image = Canvas(20'000, 1, kWhite).to_image(2);
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::kInput);
}

TEST(TextWidth, AddsUpAdvances) {
  EXPECT_DOUBLE_EQ(text_width("", 10), 0);
  EXPECT_DOUBLE_EQ(text_width("ab ", 10), 6.13 + 6.35 + 3.18);
  EXPECT_DOUBLE_EQ(text_width("~", 1000, true), 838);
  EXPECT_DOUBLE_EQ(text_width("\xE2\x82\xAC", 10), 10) << "one character of three bytes";
}

TEST(FitText, CutsBetweenCharacters) {
  const std::string ellipsis = "\xE2\x80\xA6", euro = "\xE2\x82\xAC";
  EXPECT_EQ(fit_text("short", 10, 100), "short");
  EXPECT_EQ(fit_text("aaaa", 10, 4 * 6.13 + 1e-9), "aaaa");
  EXPECT_EQ(fit_text("aaaa", 10, 4 * 6.13 - 0.1), "aa" + ellipsis);
  EXPECT_EQ(fit_text(euro + euro + euro, 10, 25), euro + ellipsis);
  EXPECT_EQ(fit_text("wide", 10, 1), ellipsis);
  EXPECT_EQ(fit_text("\xFF\n", 10, 100), "??");
}

TEST(XmlText, IsSafeInElementsAndAttributes) {
  EXPECT_EQ(xml_text("<script>alert(\"1\" & '2')</script>"),
            "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;");
  EXPECT_EQ(xml_text("a\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD"), "a??\xEF\xBF\xBD");
  EXPECT_EQ(xml_text(std::string("\0\x1B\xC0", 3)), "???");
}

}  // namespace
}  // namespace shrike
