#include "report/bar_chart.h"

#include <algorithm>
#include <cmath>

#include "report/number.h"
#include "report/style.h"
#include "vision/text_width.h"

namespace shrike {

namespace {

constexpr double kWidth = 760, kRow = 20, kThickness = 12, kMargin = 20, kMostName = 180;

double longest_value(const BarChart& chart) {
  double longest = chart.longest;
  if (longest > 0) return longest;
  for (const Bar& bar : chart.bars)
    if (std::isfinite(bar.value)) longest = std::max(longest, bar.value);
  return longest > 0 ? longest : 1;
}

struct Columns {
  double name_end = 0, bar_start = 0, bar_length = 0;
};

Columns columns_of(const BarChart& chart) {
  double names = 0, labels = 0;
  for (const Bar& bar : chart.bars) {
    names = std::max(names, text_width(fit_text(bar.name, style::kTick, kMostName), style::kTick));
    labels = std::max(labels, text_width(bar.label, style::kTick));
  }
  const double end = kMargin + names, start = end + 10;
  return {end, start, std::max(kWidth - kMargin - start - labels - 8, 40.0)};
}

}  // namespace

Canvas draw(const BarChart& chart) {
  const size_t count = chart.bars.size();
  const bool cut = count > kMostBars;
  const size_t rows = cut ? kMostBars + 1 : count;
  // Drawn once to learn how high the heading is.
  Canvas heading(kWidth, 100, style::kPaper);
  const double top = draw_heading(heading, chart.title, chart.subtitle);
  Canvas canvas(kWidth, top + kRow * static_cast<double>(std::max<size_t>(rows, 1)) + 16,
                style::kPaper);
  draw_heading(canvas, chart.title, chart.subtitle);

  const Columns columns = columns_of(chart);
  const double longest = longest_value(chart);
  TextStyle text{.size = style::kTick, .ink = {style::kInk}, .centred = true};
  for (size_t row = 0; row < rows; ++row) {
    const double y = top + kRow * (static_cast<double>(row) + 0.5);
    if (cut && row == kMostBars / 2) {
      text.anchor = Anchor::kStart;
      TextStyle quiet = text;
      quiet.ink = {style::kQuiet};
      canvas.text({columns.bar_start, y}, grouped(count - kMostBars) + " more between these",
                  quiet);
      continue;
    }
    const size_t index = cut && row > kMostBars / 2 ? count - (rows - row) : row;
    const Bar& bar = chart.bars[index];
    text.anchor = Anchor::kEnd;
    canvas.text({columns.name_end, y}, fit_text(bar.name, style::kTick, kMostName), text);
    const double share = std::isfinite(bar.value) ? std::clamp(bar.value / longest, 0.0, 1.0) : 0;
    canvas.rectangle({columns.bar_start, y - kThickness / 2, columns.bar_length, kThickness},
                     {style::kFaint});
    canvas.rectangle(
        {columns.bar_start, y - kThickness / 2, columns.bar_length * share, kThickness},
        {chart.colour});
    text.anchor = Anchor::kStart;
    canvas.text({columns.bar_start + columns.bar_length + 8, y}, bar.label, text);
  }
  return canvas;
}

}  // namespace shrike
