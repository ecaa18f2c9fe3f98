// Composition: one training picture as it will be painted, decided but not yet made: which
// pictures lie where, how they are bent, what is mixed in, which colours change; and its objects.
//
// All lengths are in pixels of the output at its base size, width x height; painter.h may paint it
// at another size (multi-scale) without anything here changing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "augment/matrix.h"
#include "vision/image.h"

namespace shrike {

struct LabelledBox {
  int class_id = 0;
  Rect box;

  bool operator==(const LabelledBox&) const = default;
};

// A picture on a canvas.
struct PlacedPicture {
  std::shared_ptr<const Image> image;
  int left = 0, top = 0;  // where it begins; may be outside the canvas
  // What of it shows, in pixels of the canvas: inside the picture and the canvas.
  int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

// One picture, or four of a mosaic, on a canvas that is seen through a map. Where nothing lies is
// the fill. No two show on the same pixel.
struct Scene {
  std::vector<PlacedPicture> pictures;
  Matrix to_output;  // from pixels of the canvas
};

// A scene that lies over those before it.
struct MixedScene {
  Scene scene;
  double weight = 1;         // of its pixels; 1 - weight of what lies below
  std::optional<Rect> part;  // whole pixels inside the output; none: everywhere
};

// Colours in HSV: hue plus h turns, saturation times s, value times v, both cut at their maximum.
struct HsvChange {
  float h = 0, s = 1, v = 1;

  bool operator==(const HsvChange&) const = default;
};

struct Composition {
  int width = 0, height = 0;
  uint8_t fill = 114;
  std::vector<MixedScene> scenes;    // from the lowest, which is everywhere and of weight 1
  std::vector<LabelledBox> objects;  // inside the output
  // Then, in this order:
  bool grey = false;
  std::optional<HsvChange> hsv;
  int blur = 0;  // side of the square that is averaged, odd, in pixels of what is painted; 0: none
  std::optional<Rect> erased;  // whole pixels inside the output: get the fill
};

}  // namespace shrike
