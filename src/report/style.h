// How charts look: one light style for all of them, colours that colour-blind readers tell apart.
#pragma once

#include <cstddef>

#include "vision/canvas.h"

namespace shrike {

namespace style {

inline constexpr Colour kPaper{255, 255, 255};
inline constexpr Colour kInk{31, 35, 40};     // titles, values
inline constexpr Colour kQuiet{87, 96, 106};  // subtitles, ticks: contrast 6.4 on the paper
inline constexpr Colour kAxis{140, 149, 159};
inline constexpr Colour kGrid{230, 233, 237};
inline constexpr Colour kFaint{246, 248, 250};  // areas without a value

// Okabe and Ito 2008, "Color Universal Design"; the yellow, too pale for lines on white, is left
// out.
inline constexpr Colour kBlue{0, 114, 178};
inline constexpr Colour kVermilion{213, 94, 0};
inline constexpr Colour kGreen{0, 158, 115};
inline constexpr Colour kPurple{204, 121, 167};
inline constexpr Colour kSky{86, 180, 233};
inline constexpr Colour kOrange{230, 159, 0};

inline constexpr double kTitle = 17, kSubtitle = 12.5, kAxisTitle = 12.5, kTick = 11.5;

}  // namespace style

// Of the i-th of several lines: the six colours, then the same ones dashed, dotted, dash-dotted.
// The first 24 differ.
Stroke series_stroke(size_t index, double width);

// Title and subtitle at the left edge; the height they take. Texts too long are cut.
double draw_heading(Canvas& canvas, std::string_view title, std::string_view subtitle);

}  // namespace shrike
