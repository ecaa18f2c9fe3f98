#include "vision/draw.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "vision/cairo_surface.h"
#include "vision/class_name.h"
#include "vision/palette.h"
#include "vision/utf8.h"

namespace shrike {

namespace {

std::string label_text(const Detection& detection, std::span<const std::string> names) {
  char confidence[16];
  std::snprintf(confidence, sizeof confidence, " %.2f",
                static_cast<double>(std::clamp(detection.confidence, 0.0f, 1.0f)));
  return to_printable_utf8(class_name(names, detection.class_id)) + confidence;
}

// What is drawn for a detection or an object.
struct Drawn {
  Box box;
  int class_id = 0;
  std::string text;
};

enum class Outline { kSolid, kDashed };

class Painter {
 public:
  Painter(cairo_t* context, int width, int height)
      : context_(context), width_(width), height_(height) {
    const double mean_side = (width + height) / 2.0;
    line_ = std::max(2.0, mean_side * 0.004);
    font_size_ = std::max(11.0, mean_side * 0.026);
    cairo_select_font_face(context_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(context_, font_size_);
    cairo_set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
  }

  void box(const Drawn& drawn, Outline outline) {
    const Box b = visible(drawn.box);
    // The line lies inside the box, and so inside the picture.
    const double width = std::max(b.width() - line_, 0.1),
                 height = std::max(b.height() - line_, 0.1);
    cairo_rectangle(context_, b.x1 + line_ / 2, b.y1 + line_ / 2, width, height);
    cairo_set_source_rgba(context_, 0, 0, 0, 0.35);
    cairo_set_line_width(context_, line_ * 1.7);
    cairo_stroke_preserve(context_);
    // Dashes lie on a dark line, so that they show on any picture.
    if (outline == Outline::kDashed) {
      const double dashes[] = {line_ * 3, line_ * 2};
      cairo_set_dash(context_, dashes, 2, 0);
    }
    set_source(class_colour(drawn.class_id));
    cairo_set_line_width(context_, line_);
    cairo_stroke(context_);
    cairo_set_dash(context_, nullptr, 0, 0);
  }

  void label(const Drawn& drawn) {
    cairo_font_extents_t font;
    cairo_text_extents_t extents;
    cairo_font_extents(context_, &font);
    cairo_text_extents(context_, drawn.text.c_str(), &extents);
    const double margin = font_size_ * 0.25;
    const double width = extents.x_advance + 2 * margin;
    const double height = font.ascent + font.descent;

    const Box b = visible(drawn.box);
    const double x = std::clamp<double>(b.x1, 0, std::max(width_ - width, 0.0));
    const double above = b.y1 - height;
    const double y =
        above >= 0 ? above : std::clamp<double>(b.y1, 0, std::max(height_ - height, 0.0));

    const Colour colour = class_colour(drawn.class_id);
    set_source(colour);
    cairo_rectangle(context_, x, y, width, height);
    cairo_fill(context_);
    set_source(text_colour_on(colour));
    cairo_move_to(context_, x + margin, y + font.ascent);
    cairo_show_text(context_, drawn.text.c_str());
  }

 private:
  Box visible(const Box& box) const {
    return clip(box, static_cast<float>(width_), static_cast<float>(height_));
  }

  void set_source(const Colour& c) {
    cairo_set_source_rgb(context_, c.r / 255.0, c.g / 255.0, c.b / 255.0);
  }

  cairo_t* context_;
  int width_, height_;
  double line_, font_size_;
};

// Those that can be drawn, the least confident first.
std::vector<const Detection*> drawing_order(std::span<const Detection> detections) {
  std::vector<const Detection*> order;
  for (const Detection& detection : detections)
    if (is_finite(detection.box) && std::isfinite(detection.confidence))
      order.push_back(&detection);
  std::stable_sort(order.begin(), order.end(), [](const Detection* a, const Detection* b) {
    return a->confidence < b->confidence;
  });
  return order;
}

Box to_box(const Truth& truth) {
  return {static_cast<float>(truth.x), static_cast<float>(truth.y),
          static_cast<float>(truth.x + truth.width), static_cast<float>(truth.y + truth.height)};
}

// The picture with boxes and then labels, the last on top.
Result<Image> draw(const Image& picture, const std::vector<Drawn>& list, Outline outline) {
  assert(!picture.empty());
  SHRIKE_ASSIGN(const CairoSurface surface, CairoSurface::create(picture));
  const CairoContext context = surface.context();
  Painter painter(context.get(), picture.width(), picture.height());
  for (const Drawn& drawn : list) painter.box(drawn, outline);
  for (const Drawn& drawn : list) painter.label(drawn);
  if (const auto status = cairo_status(context.get()); status != CAIRO_STATUS_SUCCESS)
    return cairo_error(status);
  return surface.to_image();
}

}  // namespace

Result<Image> draw_detections(const Image& picture, std::span<const Detection> detections,
                              std::span<const std::string> names) {
  std::vector<Drawn> list;
  for (const Detection* detection : drawing_order(detections))
    list.push_back({detection->box, detection->class_id, label_text(*detection, names)});
  return draw(picture, list, Outline::kSolid);
}

Result<Image> draw_truth(const Image& picture, std::span<const Truth> truth,
                         std::span<const std::string> names) {
  std::vector<Drawn> list;
  for (const Truth& object : truth) {
    const Box box = to_box(object);
    if (!is_finite(box)) continue;
    const char* remark = object.crowd ? " (crowd)" : object.ignore ? " (ignored)" : "";
    list.push_back(
        {box, object.class_id, to_printable_utf8(class_name(names, object.class_id)) + remark});
  }
  std::stable_sort(list.begin(), list.end(),
                   [](const Drawn& a, const Drawn& b) { return a.box.area() > b.box.area(); });
  return draw(picture, list, Outline::kDashed);
}

}  // namespace shrike
