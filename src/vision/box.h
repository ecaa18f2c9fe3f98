// Boxes and detections, and the one definition of their overlap.
//
// A Box holds the left, top, right and bottom edges in pixels (of the network's input or of the
// picture; the function that makes it says which). Edges are continuous: the pixel in column x
// covers x to x + 1, so width is x2 - x1.
#pragma once

#include <algorithm>
#include <cmath>

namespace shrike {

struct Box {
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;

  float width() const { return x2 - x1; }
  float height() const { return y2 - y1; }
  // 0 for a box that is turned inside out.
  float area() const { return std::max(width(), 0.0f) * std::max(height(), 0.0f); }

  bool operator==(const Box&) const = default;
};

// The centre form: cx, cy and the full width and height.
struct CentreBox {
  float cx = 0, cy = 0, width = 0, height = 0;
};

inline Box to_box(const CentreBox& b) {
  return {b.cx - b.width / 2, b.cy - b.height / 2, b.cx + b.width / 2, b.cy + b.height / 2};
}

inline CentreBox to_centre(const Box& b) {
  return {(b.x1 + b.x2) / 2, (b.y1 + b.y2) / 2, b.x2 - b.x1, b.y2 - b.y1};
}

// A box in the units of YOLO label files: the centre form as fractions of the picture's sides.
inline CentreBox to_normalized(const Box& b, int picture_width, int picture_height) {
  const CentreBox c = to_centre(b);
  const auto w = static_cast<float>(picture_width), h = static_cast<float>(picture_height);
  return {c.cx / w, c.cy / h, c.width / w, c.height / h};
}

inline Box from_normalized(const CentreBox& b, int picture_width, int picture_height) {
  const auto w = static_cast<float>(picture_width), h = static_cast<float>(picture_height);
  return to_box({b.cx * w, b.cy * h, b.width * w, b.height * h});
}

inline Box clip(const Box& b, float width, float height) {
  return {std::clamp(b.x1, 0.0f, width), std::clamp(b.y1, 0.0f, height),
          std::clamp(b.x2, 0.0f, width), std::clamp(b.y2, 0.0f, height)};
}

inline bool is_finite(const Box& b) {
  return std::isfinite(b.x1) && std::isfinite(b.y1) && std::isfinite(b.x2) && std::isfinite(b.y2);
}

// Intersection over union, 0..1; 0 where the boxes do not overlap, empty boxes included.
inline float iou(const Box& a, const Box& b) {
  const float w = std::min(a.x2, b.x2) - std::max(a.x1, b.x1);
  const float h = std::min(a.y2, b.y2) - std::max(a.y1, b.y1);
  if (!(w > 0) || !(h > 0)) return 0;
  const float intersection = w * h;
  return intersection / (a.area() + b.area() - intersection);
}

struct Detection {
  Box box;
  float confidence = 0;  // 0..1
  int class_id = 0;      // from 0, an index into the model's names
};

}  // namespace shrike
