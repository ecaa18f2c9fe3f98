#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/bar_chart.h"
#include "report/heat_map.h"
#include "report/interval_chart.h"
#include "report/line_chart.h"
#include "report/style.h"
#include "report/xml_check.h"
#include "vision/text_width.h"

namespace shrike {
namespace {

const double kNan = std::nan("");
const double kInf = std::numeric_limits<double>::infinity();

std::vector<std::string> texts(const Canvas& canvas) {
  std::vector<std::string> out;
  for (const auto& command : canvas.commands())
    if (const auto* text = std::get_if<Canvas::Text>(&command)) out.push_back(text->text);
  return out;
}

bool has_text(const Canvas& canvas, const std::string& text) {
  const auto all = texts(canvas);
  return std::find(all.begin(), all.end(), text) != all.end();
}

template <typename Command>
size_t count(const Canvas& canvas) {
  size_t n = 0;
  for (const auto& command : canvas.commands()) n += std::holds_alternative<Command>(command);
  return n;
}

// Where a text stands, upright texts only.
Rectangle place(const Canvas::Text& text) {
  const double width = text_width(text.text, text.style.size, text.style.bold);
  const double left = text.at.x - (text.style.anchor == Anchor::kStart    ? 0
                                   : text.style.anchor == Anchor::kMiddle ? width / 2
                                                                          : width);
  const double base = text.at.y + (text.style.centred ? kHalfCapital * text.style.size : 0);
  return {left, base - 0.73 * text.style.size, width, 0.73 * text.style.size};
}

// No upright text leaves the canvas or lies on another one.
void expect_legible(const Canvas& canvas) {
  std::vector<Rectangle> places;
  for (const auto& command : canvas.commands())
    if (const auto* text = std::get_if<Canvas::Text>(&command); text && text->style.rotation == 0) {
      const Rectangle r = place(*text);
      EXPECT_GE(r.x, 0) << text->text;
      EXPECT_LE(r.right(), canvas.width()) << text->text;
      EXPECT_GE(r.y, 0) << text->text;
      EXPECT_LE(r.bottom(), canvas.height()) << text->text;
      for (const Rectangle& other : places)
        EXPECT_FALSE(r.x < other.right() && other.x < r.right() && r.y < other.bottom() &&
                     other.y < r.bottom())
            << text->text << " lies on another text";
      places.push_back(r);
    }
  const XmlCheck xml(canvas.to_svg("a chart"));
  EXPECT_TRUE(xml.ok()) << xml.problem();
  const auto image = canvas.to_image(1);
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->width(), static_cast<int>(std::ceil(canvas.width())));
}

TEST(XmlCheck, RefusesWhatIsNotWellFormed) {
  EXPECT_TRUE(XmlCheck("<?xml version=\"1.0\"?>\n<a b=\"1\" c=\"&lt;\"><d/>x</a>").ok());
  for (const char* text :
       {"", "x", "<a>", "<a></b>", "<a b=c/>", "<a b=\"1\" b=\"2\"/>", "<a>&nbsp;</a>", "<a>& </a>",
        "<a b=\"<\"/>", "<a", "<a b=\"", "<a>\x01</a>", "<a>\xEF\xBF\xBF</a>", "</a>", "<a><</a>"})
    EXPECT_FALSE(XmlCheck(text).ok()) << text;
}

TEST(Scale, TicksAreRoundAndWithin) {
  const Scale unit({"", 0, 1}, 0.2, 0.7, 10);
  ASSERT_EQ(unit.ticks().size(), 11);
  EXPECT_EQ(unit.label(unit.ticks()[3]), "0.3");
  EXPECT_DOUBLE_EQ(unit.fraction(0.25), 0.25);
  const Scale data({""}, 0.358, 0.507, 8);
  EXPECT_NEAR(data.low(), 0.34, 1e-12);
  EXPECT_NEAR(data.high(), 0.52, 1e-12);
  EXPECT_EQ(data.ticks().size(), 10);
  EXPECT_EQ(data.label(data.ticks()[1]), "0.36");
  const Scale negative({""}, -7, 12, 5);
  EXPECT_EQ(negative.label(negative.ticks()[2]), "0");
}

TEST(Scale, AnyRangeHasAFewTicks) {
  const double ends[] = {0,    1,    -1,    1e-300, 1e-9, 0.1,  1e9,   1e15 + 1, 1e300,
                         kNan, kInf, -kInf, -1e300, 5e-5, 99.9, 100.1, -0.001};
  for (const double low : ends)
    for (const double high : ends)
      for (const int wanted : {2, 5, 10})
        for (const Axis& axis : {Axis{""}, Axis{"", 0, {}}, Axis{"", {}, 3}, Axis{"", 1, 0}}) {
          const Scale scale(axis, low, high, wanted);
          SCOPED_TRACE(std::to_string(low) + " " + std::to_string(high));
          ASSERT_LT(scale.low(), scale.high());
          ASSERT_GE(scale.ticks().size(), 2);
          ASSERT_LE(scale.ticks().size(), static_cast<size_t>(wanted) + 3);
          for (size_t i = 0; i < scale.ticks().size(); ++i) {
            EXPECT_GE(scale.fraction(scale.ticks()[i]), -1e-6);
            EXPECT_LE(scale.fraction(scale.ticks()[i]), 1 + 1e-6);
            if (i > 0) {
              EXPECT_LT(scale.ticks()[i - 1], scale.ticks()[i]);
            }
          }
        }
}

TEST(Simplified, StaysWithinTheTolerance) {
  const std::vector<Point> straight = {{0, 0}, {1, 1}, {2, 2}, {3, 3}};
  EXPECT_EQ(simplified(straight, 0.1), (std::vector<Point>{{0, 0}, {3, 3}}));
  const std::vector<Point> spike = {{0, 0}, {0, 20}, {0, 10}};
  EXPECT_EQ(simplified(spike, 0.1), spike) << "the way out and back is kept";
  const std::vector<Point> loop = {{0, 0}, {9, 0}, {0, 0}};
  EXPECT_EQ(simplified(loop, 0.1), loop);
  EXPECT_EQ(simplified({}, 1).size(), 0);
  std::vector<Point> wave;
  for (int i = 0; i < 1000; ++i) wave.push_back({i * 0.5, 100 * std::sin(i * 0.01)});
  const auto fewer = simplified(wave, 0.1);
  EXPECT_LT(fewer.size(), 100);
  for (const Point& p : wave) {
    double nearest = kInf;
    for (size_t i = 1; i < fewer.size(); ++i) {
      const Point &a = fewer[i - 1], &b = fewer[i];
      if (p.x < a.x || p.x > b.x) continue;
      const double y = a.y + (b.y - a.y) * (p.x - a.x) / (b.x - a.x);
      nearest = std::min(nearest, std::abs(p.y - y) / std::hypot(1, (b.y - a.y) / (b.x - a.x)));
    }
    EXPECT_LE(nearest, 0.1 + 1e-9);
  }
}

TEST(LineChartDrawing, HasAxesLegendAndLines) {
  LineChart chart{"Title", "subtitle", {"across", 0, 1}, {"up", 0, 1}, {}};
  chart.series.push_back({"one", "0.5", {{0, 0}, {0.5, 1}, {1, 0}}, series_stroke(0, 2)});
  chart.series.push_back({"", "", {{0, 1}, {1, 1}}, series_stroke(1, 1)});
  const Canvas canvas = draw(chart);
  for (const char* text : {"Title", "subtitle", "across", "up", "one", "0.5", "0.0", "1.0"})
    EXPECT_TRUE(has_text(canvas, text)) << text;
  expect_legible(canvas);
}

TEST(LineChartDrawing, IsLegibleWhateverItHolds) {
  for (const size_t lines : {0, 1, 21, 60}) {
    LineChart chart{std::string(300, 'W'), std::string(300, 'w'), {"x"}, {"y"}, {}};
    for (size_t i = 0; i < lines; ++i) {
      const auto x = static_cast<double>(i);
      chart.series.push_back({std::string(i % 7 * 10, 'M') + std::to_string(i),
                              "0.123",
                              {{x, 1e6 * x}, {kNan, 1}, {2, kInf}, {x + 1, -5}},
                              series_stroke(i, 1)});
    }
    const Canvas canvas = draw(chart);
    expect_legible(canvas);
    const auto all = texts(canvas);
    const bool cut = std::any_of(
        all.begin(), all.end(), [](const std::string& text) { return text.rfind("and ", 0) == 0; });
    EXPECT_EQ(cut, lines > 21);
  }
}

TEST(LineChartDrawing, ErrorBarsWidenTheAxes) {
  LineChart chart{"t", "", {"x"}, {"y"}, {}};
  chart.series.push_back(
      {"p", "", {{10, 0.5, {{5, 30}}, {{0.1, 0.95}}}}, series_stroke(0, 1), false, 4});
  const Canvas canvas = draw(chart);
  EXPECT_TRUE(has_text(canvas, "30"));
  EXPECT_TRUE(has_text(canvas, "0.0"));
  EXPECT_TRUE(has_text(canvas, "1.0"));
  EXPECT_EQ(count<Canvas::Disc>(canvas), 2) << "the point and its swatch";
  expect_legible(canvas);
}

TEST(SeriesStroke, TwentyFourDiffer) {
  for (size_t i = 0; i < 24; ++i)
    for (size_t j = 0; j < i; ++j) {
      const Stroke a = series_stroke(i, 1), b = series_stroke(j, 1);
      EXPECT_FALSE(a.ink.colour == b.ink.colour && a.dashes == b.dashes) << i << " " << j;
    }
  EXPECT_GE(contrast(style::kQuiet, style::kPaper), 4.5);
}

TEST(BarChartDrawing, SaysHowManyAreLeftOut) {
  for (const size_t bars : {0, 1, 80, 81, 1000}) {
    BarChart chart{"bars", "", 0, {}, style::kBlue};
    for (size_t i = 0; i < bars; ++i)
      chart.bars.push_back(
          {"name " + std::to_string(i), static_cast<double>(bars - i), "v" + std::to_string(i)});
    const Canvas canvas = draw(chart);
    expect_legible(canvas);
    EXPECT_EQ(has_text(canvas, "v0"), bars > 0);
    EXPECT_EQ(has_text(canvas, "v" + std::to_string(bars - 1)), bars > 0);
    EXPECT_EQ(has_text(canvas, std::to_string(bars - kMostBars) + " more between these"),
              bars > kMostBars);
  }
}

TEST(BarChartDrawing, AwkwardValuesHaveNoBar) {
  const BarChart chart{
      "bars", "", 0, {{"a", kNan, "-"}, {"b", -1, "-1"}, {"c", kInf, "-"}, {"d", 0, "0"}}, {}};
  expect_legible(draw(chart));
  EXPECT_EQ(count<Canvas::Box>(draw(chart)), 4) << "the grounds alone";
}

TEST(IntervalChartDrawing, ShowsRowsWithoutNumbers) {
  const IntervalChart chart{
      "differences",
      "",
      {"x"},
      0.0,
      {{"a", 0.1, {{0.05, 0.2}}}, {"b", {}, {}}, {"c", kNan, {{kNan, 1}}}, {"d", -0.3, {}}}};
  const Canvas canvas = draw(chart);
  expect_legible(canvas);
  const auto all = texts(canvas);
  EXPECT_EQ(std::count(all.begin(), all.end(), "-"), 2);
  EXPECT_EQ(count<Canvas::Disc>(canvas), 2);
  expect_legible(draw(IntervalChart{"none", "", {"x"}, {}, {}}));
}

HeatMap heat_map(size_t side) {
  HeatMap map{"Heat", "sub", "rows", "columns", {}, {}, {}};
  for (size_t i = 0; i < side; ++i) {
    map.rows.push_back("row " + std::to_string(i));
    map.columns.push_back("column " + std::to_string(i));
    for (size_t j = 0; j < side; ++j) map.counts.push_back(i == j ? 1234567 : (i + j) % 5);
  }
  return map;
}

TEST(HeatMapDrawing, IsLegibleFromOneToEightyOne) {
  for (const size_t side : {0, 1, 2, 13, 24, 40, 81}) {
    SCOPED_TRACE(side);
    expect_legible(draw(heat_map(side)));
  }
}

TEST(HeatMapDrawing, SharesAreOfRows) {
  HeatMap map{"Heat", "", "", "", {"a", "b", "empty"}, {"x", "y"}, {3, 1, 0, 9, 0, 0}};
  const Canvas canvas = draw(map);
  for (const char* text : {"75", "3", "25", "1", "100", "9"})
    EXPECT_TRUE(has_text(canvas, text)) << text;
  const auto all = texts(canvas);
  EXPECT_EQ(std::count(all.begin(), all.end(), "0"), 0) << "empty cells are blank";
}

TEST(HeatMapDrawing, HostileNamesStayText) {
  HeatMap map = heat_map(2);
  map.rows[0] = "</svg><script>alert(1)</script>";
  map.columns[1] = std::string("\xFF\0\"'", 4) + std::string(500, '&');
  expect_legible(draw(map));
}

}  // namespace
}  // namespace shrike
