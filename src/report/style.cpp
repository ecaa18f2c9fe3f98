#include "report/style.h"

#include <iterator>

#include "vision/text_width.h"

namespace shrike {

Stroke series_stroke(size_t index, double width) {
  constexpr Colour kColours[] = {style::kBlue,   style::kVermilion, style::kGreen,
                                 style::kPurple, style::kSky,       style::kOrange};
  const std::vector<double> dashes[] = {
      {}, {4 * width, 2 * width}, {width, 1.5 * width}, {5 * width, 2 * width, width, 2 * width}};
  return {{kColours[index % std::size(kColours)]},
          width,
          dashes[index / std::size(kColours) % std::size(dashes)]};
}

double draw_heading(Canvas& canvas, std::string_view title, std::string_view subtitle) {
  constexpr double kMargin = 20;
  const double room = canvas.width() - 2 * kMargin;
  canvas.text({kMargin, 30}, fit_text(title, style::kTitle, room, true),
              {.size = style::kTitle, .ink = {style::kInk}, .bold = true});
  if (subtitle.empty()) return 44;
  canvas.text({kMargin, 50}, fit_text(subtitle, style::kSubtitle, room),
              {.size = style::kSubtitle, .ink = {style::kQuiet}});
  return 66;
}

}  // namespace shrike
