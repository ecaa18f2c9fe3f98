#include "augment/painter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "augment/box_blur.h"
#include "augment/warp.h"

namespace shrike {

namespace {

// Pixels of the output that a rectangle covers at the size it is painted at.
struct PixelRect {
  int x1, y1, x2, y2;
};

PixelRect scaled(const Rect& rect, double x_scale, double y_scale) {
  const auto at = [](double length, double scale) {
    return static_cast<int>(std::lround(length * scale));
  };
  return {at(rect.x1, x_scale), at(rect.y1, y_scale), at(rect.x2, x_scale), at(rect.y2, y_scale)};
}

// below = weight * above + (1 - weight) * below, weights in steps of 1/256, rounded.
void mix(const uint8_t* above, int weight, size_t count, uint8_t* below) {
  for (size_t i = 0; i < count; ++i)
    below[i] = static_cast<uint8_t>((above[i] * weight + below[i] * (256 - weight) + 128) >> 8);
}

// Luma of ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, weights in steps of 1/65536, rounded.
void turn_grey(size_t count, PlaneRow row) {
  for (size_t i = 0; i < count; ++i) {
    const int luma = (19595 * row.r[i] + 38470 * row.g[i] + 7471 * row.b[i] + 32768) >> 16;
    row.r[i] = row.g[i] = row.b[i] = static_cast<uint8_t>(luma);
  }
}

// A scene at the size it is painted at.
struct PaintedScene {
  SceneRows rows;
  PixelRect part;
  int weight;  // of 256
};

class Painter {
 public:
  Painter(const Composition& composition, int width, int height, uint8_t* planes,
          const PixelKernels& kernels)
      : composition_(composition),
        width_(width),
        height_(height),
        planes_(planes),
        kernels_(kernels),
        x_scale_(static_cast<double>(width) / composition.width),
        y_scale_(static_cast<double>(height) / composition.height) {
    const Matrix to_size = Matrix::scaling(x_scale_, y_scale_);
    for (const MixedScene& mixed : composition.scenes) {
      const PixelRect all = {0, 0, width, height};
      scenes_.push_back(
          {SceneRows(mixed.scene, to_size * mixed.scene.to_output, composition.fill, kernels),
           mixed.part ? scaled(*mixed.part, x_scale_, y_scale_) : all,
           static_cast<int>(std::lround(mixed.weight * 256))});
    }
    if (scenes_.size() > 1) scratch_.resize(3 * static_cast<size_t>(width));
  }

  void paint() {
    for (int y = 0; y < height_; ++y) {
      const PlaneRow row = row_at(y);
      const auto count = static_cast<size_t>(width_);
      for (const PaintedScene& scene : scenes_) add(scene, y, row);
      if (composition_.grey) turn_grey(count, row);
      if (composition_.hsv) kernels_.hsv(*composition_.hsv, count, row);
    }
    if (composition_.blur > 0)
      for (size_t c = 0; c < 3; ++c)
        box_blur(width_, height_, composition_.blur, planes_ + c * plane_bytes());
    if (composition_.erased) erase(scaled(*composition_.erased, x_scale_, y_scale_));
  }

 private:
  size_t plane_bytes() const { return static_cast<size_t>(width_) * static_cast<size_t>(height_); }

  PlaneRow row_at(int y) const {
    uint8_t* const r = planes_ + static_cast<size_t>(y) * static_cast<size_t>(width_);
    return {r, r + plane_bytes(), r + 2 * plane_bytes()};
  }

  void add(const PaintedScene& scene, int y, PlaneRow row) {
    const PixelRect& part = scene.part;
    if (y < part.y1 || y >= part.y2 || part.x1 >= part.x2) return;
    const auto count = static_cast<size_t>(part.x2 - part.x1);
    const PlaneRow out = row + static_cast<size_t>(part.x1);
    if (scene.weight == 256) {
      scene.rows.row(y, part.x1, part.x2, out);
      return;
    }
    const PlaneRow above = {scratch_.data(), scratch_.data() + count, scratch_.data() + 2 * count};
    scene.rows.row(y, part.x1, part.x2, above);
    mix(above.r, scene.weight, count, out.r);
    mix(above.g, scene.weight, count, out.g);
    mix(above.b, scene.weight, count, out.b);
  }

  void erase(const PixelRect& part) const {
    const auto count = static_cast<size_t>(part.x2 - part.x1);
    for (int y = part.y1; y < part.y2; ++y) {
      const PlaneRow row = row_at(y) + static_cast<size_t>(part.x1);
      for (uint8_t* plane : {row.r, row.g, row.b}) std::memset(plane, composition_.fill, count);
    }
  }

  const Composition& composition_;
  int width_, height_;
  uint8_t* planes_;
  const PixelKernels& kernels_;
  double x_scale_, y_scale_;
  std::vector<PaintedScene> scenes_;
  std::vector<uint8_t> scratch_;  // a row of a scene that is mixed in
};

}  // namespace

void paint(const Composition& composition, int width, int height, uint8_t* planes,
           const PixelKernels& kernels) {
  Painter(composition, width, height, planes, kernels).paint();
}

}  // namespace shrike
