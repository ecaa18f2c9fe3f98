// How wide text is, without a font: so that a drawing is laid out alike on every machine.
#pragma once

#include <string>
#include <string_view>

namespace shrike {

// Pixels that the printable UTF-8 `text` takes in DejaVu Sans of `size` pixels, which is wider than
// the usual sans-serif faces; characters past ASCII count as a full em, so that the true width is
// seldom more.
double text_width(std::string_view text, double size, bool bold = false);

// `text` made printable (utf8.h), and where it is wider than `width` cut at a character and ended
// with an ellipsis.
std::string fit_text(std::string_view text, double size, double width, bool bold = false);

}  // namespace shrike
