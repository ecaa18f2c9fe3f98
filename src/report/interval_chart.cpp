#include "report/interval_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/number.h"
#include "report/style.h"
#include "vision/text_width.h"

namespace shrike {

namespace {

constexpr double kWidth = 760, kRow = 28, kMargin = 20, kMostName = 200;

Scale scale_of(const IntervalChart& chart) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  const auto add = [&](double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  };
  if (chart.mark) add(*chart.mark);
  for (const IntervalRow& row : chart.rows) {
    if (row.value) add(*row.value);
    if (!row.range) continue;
    add(row.range->low);
    add(row.range->high);
  }
  return Scale(chart.x, low, high, 8);
}

double name_width(const IntervalChart& chart) {
  double width = 0;
  for (const IntervalRow& row : chart.rows)
    width = std::max(width, text_width(fit_text(row.name, style::kTick, kMostName), style::kTick));
  return width;
}

}  // namespace

Canvas draw(const IntervalChart& chart) {
  Canvas heading(kWidth, 100, style::kPaper);
  const double top = draw_heading(heading, chart.title, chart.subtitle);
  const double height = kRow * static_cast<double>(std::max<size_t>(chart.rows.size(), 1));
  Canvas canvas(kWidth, top + height + 58, style::kPaper);
  draw_heading(canvas, chart.title, chart.subtitle);

  const Scale scale = scale_of(chart);
  const double left = kMargin + name_width(chart) + 12, right = kWidth - kMargin - 8;
  const double bottom = top + height;
  const auto at = [&](double value) {
    return left + (right - left) * std::clamp(scale.fraction(value), 0.0, 1.0);
  };
  const TextStyle tick_text{
      .size = style::kTick, .ink = {style::kQuiet}, .anchor = Anchor::kMiddle};
  for (const double tick : scale.ticks()) {
    canvas.line({at(tick), top}, {at(tick), bottom}, {{style::kGrid}, 1});
    canvas.text({at(tick), bottom + 18}, scale.label(tick), tick_text);
  }
  canvas.line({left, bottom}, {right, bottom}, {{style::kAxis}, 1});
  if (chart.mark)
    canvas.line({at(*chart.mark), top}, {at(*chart.mark), bottom}, {{style::kInk}, 1.5});
  canvas.text({(left + right) / 2, bottom + 40}, chart.x.title,
              {.size = style::kAxisTitle, .ink = {style::kInk}, .anchor = Anchor::kMiddle});

  double y = top + kRow / 2;
  TextStyle text{.size = style::kTick, .ink = {style::kInk}, .centred = true};
  for (const IntervalRow& row : chart.rows) {
    text.anchor = Anchor::kEnd;
    canvas.text({left - 12, y}, fit_text(row.name, style::kTick, kMostName), text);
    if (row.range && std::isfinite(row.range->low) && std::isfinite(row.range->high)) {
      canvas.line({at(row.range->low), y}, {at(row.range->high), y}, {{style::kBlue}, 2});
      for (const double end : {row.range->low, row.range->high})
        canvas.line({at(end), y - 4}, {at(end), y + 4}, {{style::kBlue}, 2});
    }
    if (row.value && std::isfinite(*row.value)) {
      canvas.circle({at(*row.value), y}, 5, {style::kBlue});
    } else {
      text.anchor = Anchor::kStart;
      canvas.text({left + 8, y}, kNoNumber, text);
    }
    y += kRow;
  }
  return canvas;
}

}  // namespace shrike
