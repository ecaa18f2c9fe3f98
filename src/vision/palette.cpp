#include "vision/palette.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

namespace shrike {

namespace {

constexpr Colour kBlack{0, 0, 0};
constexpr Colour kWhite{255, 255, 255};

double decode_gamma(uint8_t value) {
  const double v = value / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

uint8_t encode_gamma(double linear) {
  const double l = std::clamp(linear, 0.0, 1.0);
  const double v = l <= 0.0031308 ? 12.92 * l : 1.055 * std::pow(l, 1 / 2.4) - 0.055;
  return static_cast<uint8_t>(std::lround(v * 255));
}

double cube(double x) { return x * x * x; }

// Lightness 0..1, chroma from 0, hue in radians; out of gamut is clipped channel by channel.
Colour from_oklch(double lightness, double chroma, double hue) {
  const double a = chroma * std::cos(hue), b = chroma * std::sin(hue);
  const double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
  return {encode_gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          encode_gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          encode_gamma(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

double luminance(const Colour& c) {
  return 0.2126 * decode_gamma(c.r) + 0.7152 * decode_gamma(c.g) + 0.0722 * decode_gamma(c.b);
}

}  // namespace

Colour class_colour(int class_id) {
  constexpr double kFirstHue = 0.45;  // an orange red
  constexpr double kGoldenAngle = std::numbers::pi * (3 - 2.23606797749979);
  constexpr double kLightness[] = {0.68, 0.80, 0.58};
  const auto id = static_cast<unsigned>(class_id);
  return from_oklch(kLightness[id % std::size(kLightness)], 0.17, kFirstHue + id * kGoldenAngle);
}

double contrast(const Colour& a, const Colour& b) {
  const double la = luminance(a) + 0.05, lb = luminance(b) + 0.05;
  return std::max(la, lb) / std::min(la, lb);
}

Colour text_colour_on(const Colour& background) {
  return contrast(kBlack, background) >= contrast(kWhite, background) ? kBlack : kWhite;
}

}  // namespace shrike
