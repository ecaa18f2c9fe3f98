// One colour per class, the same in every picture and every run.
#pragma once

#include <cstdint>

namespace shrike {

struct Colour {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Colour&) const = default;
};

// Hues turn by the golden angle from class to class, so that neighbours differ most, at lightnesses
// that read on photographs; in the OKLCH space (Ottosson 2020, "A perceptual color space").
Colour class_colour(int class_id);

// Black or white, whichever contrasts more with `background`; the ratio is at least 4.5 (WCAG 2.1).
Colour text_colour_on(const Colour& background);

// WCAG 2.1 contrast ratio, 1..21.
double contrast(const Colour& a, const Colour& b);

}  // namespace shrike
