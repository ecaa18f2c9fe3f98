#include "report/line_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/number.h"
#include "report/style.h"
#include "vision/text_width.h"

namespace shrike {

namespace {

constexpr double kLegendText = 11.5, kLegendRow = 18, kLeastLegendRow = 13, kSwatch = 22,
                 kMostName = 150;
constexpr double kTolerance = 0.1;  // pixels that a simplified line may be off
constexpr double kOutermost = 1e5;  // pixels: where points far outside the axes are drawn

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool has_errors(const ChartPoint& p) { return p.x_range || p.y_range; }

bool is_finite(const ChartPoint& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

struct Ranges {
  Range x, y;
};

Ranges data_ranges(const LineChart& chart) {
  Ranges ranges;
  const auto add = [](Range& range, double value, const std::optional<ErrorRange>& error) {
    range.add(value);
    if (!error) return;
    range.add(error->low);
    range.add(error->high);
  };
  for (const Series& series : chart.series)
    for (const ChartPoint& point : series.points) {
      if (!is_finite(point)) continue;
      add(ranges.x, point.x, point.x_range);
      add(ranges.y, point.y, point.y_range);
    }
  return ranges;
}

struct Legend {
  std::vector<const Series*> rows;
  double name_width = 0, value_width = 0;

  explicit Legend(const LineChart& chart) {
    for (const Series& series : chart.series) {
      if (series.name.empty()) continue;
      rows.push_back(&series);
      name_width = std::max(name_width,
                            text_width(fit_text(series.name, kLegendText, kMostName), kLegendText));
      value_width = std::max(value_width, text_width(series.value, kLegendText));
    }
  }

  double width() const {
    if (rows.empty()) return 0;
    return kSwatch + 8 + name_width + (value_width > 0 ? 12 + value_width : 0);
  }
};

class LineChartPainter {
 public:
  explicit LineChartPainter(const LineChart& chart)
      : chart_(chart),
        canvas_(chart.width, chart.height, style::kPaper),
        ranges_(data_ranges(chart)),
        x_(chart.x, ranges_.x.low, ranges_.x.high, 10),
        y_(chart.y, ranges_.y.low, ranges_.y.high, 8),
        legend_(chart) {}

  Canvas paint() && {
    lay_out(draw_heading(canvas_, chart_.title, chart_.subtitle));
    draw_axes();
    // A little more than the axes enclose: a line along an end is not cut in half.
    canvas_.begin_clip({plot_.x - 3, plot_.y - 3, plot_.width + 6, plot_.height + 6});
    for (const Series& series : chart_.series) draw_series(series);
    canvas_.end_clip();
    draw_legend();
    return std::move(canvas_);
  }

 private:
  void lay_out(double top) {
    double label_width = 0;
    for (const double tick : y_.ticks())
      label_width = std::max(label_width, text_width(y_.label(tick), style::kTick));
    const double left = 20 + (chart_.y.title.empty() ? 0 : 22) + label_width + 8;
    const double right = legend_.rows.empty() ? 24 : legend_.width() + 20 + 24;
    plot_ = {left, top + 4, std::max(chart_.width - left - right, 40.0),
             std::max(chart_.height - top - 4 - 54, 40.0)};
  }

  Point at(double x, double y) const {
    const auto pixel = [](double start, double length, double fraction) {
      return std::clamp(start + length * fraction, -kOutermost, kOutermost);
    };
    return {pixel(plot_.x, plot_.width, x_.fraction(x)),
            pixel(plot_.bottom(), -plot_.height, y_.fraction(y))};
  }

  void draw_axes() {
    const Stroke grid{{style::kGrid}, 1}, axis{{style::kAxis}, 1};
    const TextStyle label{.size = style::kTick, .ink = {style::kQuiet}};
    for (const double tick : y_.ticks()) {
      const double y = at(x_.low(), tick).y;
      canvas_.line({plot_.x, y}, {plot_.right(), y}, grid);
      TextStyle text = label;
      text.anchor = Anchor::kEnd;
      text.centred = true;
      canvas_.text({plot_.x - 8, y}, y_.label(tick), text);
    }
    for (const double tick : x_.ticks()) {
      const double x = at(tick, y_.low()).x;
      canvas_.line({x, plot_.y}, {x, plot_.bottom()}, grid);
      TextStyle text = label;
      text.anchor = Anchor::kMiddle;
      canvas_.text({x, plot_.bottom() + 18}, x_.label(tick), text);
    }
    canvas_.line({plot_.x, plot_.bottom()}, {plot_.right(), plot_.bottom()}, axis);
    canvas_.line({plot_.x, plot_.y}, {plot_.x, plot_.bottom()}, axis);
    TextStyle title{.size = style::kAxisTitle, .ink = {style::kInk}, .anchor = Anchor::kMiddle};
    canvas_.text({plot_.x + plot_.width / 2, plot_.bottom() + 40}, chart_.x.title, title);
    title.rotation = -90;
    canvas_.text({26, plot_.y + plot_.height / 2}, chart_.y.title, title);
  }

  void draw_series(const Series& series) {
    std::vector<Point> points;
    for (const ChartPoint& point : series.points)
      if (is_finite(point)) points.push_back(at(point.x, point.y));
    if (series.line) canvas_.polyline(simplified(points, kTolerance), series.stroke);
    for (const ChartPoint& point : series.points)
      if (is_finite(point)) draw_errors(point, series.stroke);
    if (series.marker > 0)
      for (const Point& point : points) {
        // A rim lifts a mark off the lines below it.
        if (series.points.size() == 1 && !has_errors(series.points[0]))
          canvas_.circle(point, series.marker + 1.5, {style::kPaper});
        canvas_.circle(point, series.marker, series.stroke.ink);
      }
  }

  void draw_errors(const ChartPoint& point, const Stroke& stroke) {
    constexpr double kCap = 4;
    const Stroke thin{stroke.ink, 1.25};
    if (point.x_range) {
      const Point low = at(point.x_range->low, point.y), high = at(point.x_range->high, point.y);
      canvas_.line(low, high, thin);
      for (const Point& end : {low, high})
        canvas_.line({end.x, end.y - kCap}, {end.x, end.y + kCap}, thin);
    }
    if (point.y_range) {
      const Point low = at(point.x, point.y_range->low), high = at(point.x, point.y_range->high);
      canvas_.line(low, high, thin);
      for (const Point& end : {low, high})
        canvas_.line({end.x - kCap, end.y}, {end.x + kCap, end.y}, thin);
    }
  }

  void draw_legend() {
    const size_t all = legend_.rows.size();
    const auto room = static_cast<size_t>(plot_.height / kLeastLegendRow);
    const size_t shown = all <= room ? all : room - 1;
    const double row =
        std::min(kLegendRow, plot_.height / static_cast<double>(std::max<size_t>(shown, 1)));
    const double left = plot_.right() + 20;
    Point at{left + kSwatch + 8, plot_.y + row / 2};
    TextStyle text{.size = kLegendText, .ink = {style::kInk}, .centred = true};
    for (size_t i = 0; i < shown; ++i, at.y += row) {
      const Series& series = *legend_.rows[i];
      if (series.line) canvas_.line({left, at.y}, {left + kSwatch, at.y}, series.stroke);
      if (series.marker > 0 || !series.line)
        canvas_.circle({left + kSwatch / 2, at.y}, std::max(series.marker, 3.0), series.stroke.ink);
      text.anchor = Anchor::kStart;
      canvas_.text(at, fit_text(series.name, kLegendText, kMostName), text);
      text.anchor = Anchor::kEnd;
      canvas_.text({left + legend_.width(), at.y}, series.value, text);
    }
    text.anchor = Anchor::kStart;
    if (shown < all) canvas_.text(at, "and " + grouped(all - shown) + " more", text);
  }

  const LineChart& chart_;
  Canvas canvas_;
  Ranges ranges_;
  Scale x_, y_;
  Legend legend_;
  Rectangle plot_;
};

// Of `p` from the stretch between a and b.
double distance(const Point& p, const Point& a, const Point& b) {
  const double dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
  const double along = square > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / square : 0;
  const double t = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

}  // namespace

Canvas draw(const LineChart& chart) { return LineChartPainter(chart).paint(); }

std::vector<Point> simplified(const std::vector<Point>& points, double tolerance) {
  if (points.size() < 3) return points;
  std::vector<bool> keep(points.size());
  keep.front() = keep.back() = true;
  std::vector<std::pair<size_t, size_t>> open = {{0, points.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    double most = tolerance;
    size_t farthest = 0;
    for (size_t i = first + 1; i < last; ++i)
      if (const double d = distance(points[i], points[first], points[last]); d > most) {
        most = d;
        farthest = i;
      }
    if (farthest == 0) continue;
    keep[farthest] = true;
    open.push_back({first, farthest});
    open.push_back({farthest, last});
  }
  std::vector<Point> out;
  for (size_t i = 0; i < points.size(); ++i)
    if (keep[i]) out.push_back(points[i]);
  return out;
}

}  // namespace shrike
