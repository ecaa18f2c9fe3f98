#include "augment/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace shrike {

namespace {

constexpr int64_t kPixel = int64_t{1} << kWarpFraction;
constexpr int64_t kHalfWeight = kPixel >> (kWarpWeightBits + 1);

int64_t whole(int64_t pixels) { return pixels * kPixel; }

// Coordinates beyond this many pixels are as good as infinite.
constexpr double kFar = 1 << 26;

int64_t to_fixed(double pixels) {
  return std::llround(std::clamp(pixels, -kFar, kFar) * static_cast<double>(kPixel));
}

// first..last-1; empty where last <= first.
struct Range {
  int64_t first = 0, last = 0;
};

int64_t floor_division(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

// The i for which low <= at + i * step < high, of those in `range`.
Range inside(int64_t at, int64_t step, int64_t low, int64_t high, Range range) {
  if (step == 0) return low <= at && at < high ? range : Range{range.first, range.first};
  // With step < 0 the same of the mirror image: -high < -at + i * -step <= -low.
  const bool rises = step > 0;
  const int64_t from = rises ? low - at : at - high + 1;
  const int64_t to = rises ? high - at : at - low + 1;
  const int64_t size = std::abs(step);
  const auto ceiling = [&](int64_t a) { return -floor_division(-a, size); };
  return {std::max(range.first, ceiling(from)), std::min(range.last, ceiling(to))};
}

// The canvas coordinates of a row's pixels: that of pixel i is u + i du, v + i dv.
struct Walk {
  int64_t u, v, du, dv;
};

// A pixel whose neighbours may lie outside the picture: they are its edge then.
void sample(const PlacedPicture& placed, int64_t u, int64_t v, size_t i, PlaneRow out) {
  const Image& image = *placed.image;
  const auto x = static_cast<int>(u >> kWarpFraction), y = static_cast<int>(v >> kWarpFraction);
  constexpr int kShift = kWarpFraction - kWarpWeightBits, kOne = 1 << kWarpWeightBits;
  const int f = static_cast<int>(u >> kShift) & (kOne - 1);
  const int h = static_cast<int>(v >> kShift) & (kOne - 1);
  const int right = image.width() - 1, bottom = image.height() - 1;
  const int x1 = std::clamp(x, 0, right), x2 = std::clamp(x + 1, 0, right);
  const int y1 = std::clamp(y, 0, bottom), y2 = std::clamp(y + 1, 0, bottom);
  uint8_t* const planes[3] = {out.r, out.g, out.b};
  for (int c = 0; c < 3; ++c) {
    const int upper = image.pixel(x1, y1)[c] * (kOne - f) + image.pixel(x2, y1)[c] * f;
    const int lower = image.pixel(x1, y2)[c] * (kOne - f) + image.pixel(x2, y2)[c] * f;
    planes[c][i] = static_cast<uint8_t>((upper * (kOne - h) + lower * h + kOne * kOne / 2) >>
                                        (2 * kWarpWeightBits));
  }
}

// From the canvas to the picture's pixels, whose middles are whole there; the weight is rounded.
int64_t to_picture(int64_t canvas, int begins) {
  return canvas - whole(begins) - kPixel / 2 + kHalfWeight;
}

void draw_straight(const PlacedPicture& placed, const Walk& walk, int64_t count, PlaneRow out,
                   const PixelKernels& kernels) {
  Range shown = inside(walk.u, walk.du, whole(placed.x1), whole(placed.x2), {0, count});
  shown = inside(walk.v, walk.dv, whole(placed.y1), whole(placed.y2), shown);
  if (shown.first >= shown.last) return;
  const Image& image = *placed.image;
  const int64_t u = to_picture(walk.u, placed.left), v = to_picture(walk.v, placed.top);
  // Where all that the kernel reads is in the picture.
  Range safe = inside(u, walk.du, 0, whole(std::max(image.width() - 2, 0)), shown);
  safe = inside(v, walk.dv, 0, whole(image.height() - 1), safe);
  if (safe.first >= safe.last) safe = {shown.last, shown.last};
  const auto edge = [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      sample(placed, u + i * walk.du, v + i * walk.dv, static_cast<size_t>(i), out);
  };
  edge(shown.first, safe.first);
  const WarpSpan span = {image.row(0),
                         static_cast<int64_t>(image.row_bytes()),
                         u + safe.first * walk.du,
                         v + safe.first * walk.dv,
                         walk.du,
                         walk.dv};
  if (safe.first < safe.last)
    kernels.warp(span, static_cast<size_t>(safe.last - safe.first),
                 out + static_cast<size_t>(safe.first));
  edge(safe.last, shown.last);
}

bool shows(const PlacedPicture& placed, int64_t u, int64_t v) {
  return whole(placed.x1) <= u && u < whole(placed.x2) && whole(placed.y1) <= v &&
         v < whole(placed.y2);
}

}  // namespace

SceneRows::SceneRows(const Scene& scene, const Matrix& to_output, uint8_t fill,
                     const PixelKernels& kernels)
    : scene_(scene), from_output_(inverse(to_output)), fill_(fill), kernels_(kernels) {}

void SceneRows::row(int y, int first, int last, PlaneRow out) const {
  const auto count = static_cast<size_t>(last - first);
  for (uint8_t* plane : {out.r, out.g, out.b}) std::memset(plane, fill_, count);
  if (from_output_.is_affine())
    straight_row(y, first, last, out);
  else
    projected_row(y, first, last, out);
}

// The row is a straight line on the canvas, walked in equal steps: each picture shows on one range
// of it.
void SceneRows::straight_row(int y, int first, int last, PlaneRow out) const {
  const auto& m = from_output_.m;
  const double x = first + 0.5, middle = y + 0.5;
  const Walk walk = {to_fixed(m[0] * x + m[1] * middle + m[2]),
                     to_fixed(m[3] * x + m[4] * middle + m[5]), to_fixed(m[0]), to_fixed(m[3])};
  for (const PlacedPicture& placed : scene_.pictures)
    draw_straight(placed, walk, last - first, out, kernels_);
}

void SceneRows::projected_row(int y, int first, int last, PlaneRow out) const {
  const auto& m = from_output_.m;
  for (int column = first; column < last; ++column) {
    const double x = column + 0.5, middle = y + 0.5;
    const double w = m[6] * x + m[7] * middle + m[8];
    if (!(w > 0)) continue;  // behind the horizon
    const int64_t u = to_fixed((m[0] * x + m[1] * middle + m[2]) / w);
    const int64_t v = to_fixed((m[3] * x + m[4] * middle + m[5]) / w);
    const auto placed = std::find_if(scene_.pictures.begin(), scene_.pictures.end(),
                                     [&](const PlacedPicture& one) { return shows(one, u, v); });
    if (placed != scene_.pictures.end())
      sample(*placed, to_picture(u, placed->left), to_picture(v, placed->top),
             static_cast<size_t>(column - first), out);
  }
}

}  // namespace shrike
