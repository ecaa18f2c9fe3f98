#include "vision/draw.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <vector>

#include "vision/class_name.h"
#include "vision/palette.h"
#include "vision/utf8.h"

#if defined(__SANITIZE_ADDRESS__)
// Fontconfig, which Cairo finds fonts with, keeps a few hundred bytes of its configuration for good
// and hides the pointers. Once a process, whatever is drawn.
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig.so"; }
#endif

namespace shrike {

namespace {

constexpr int kMostSide = 32767;  // of a Cairo image surface

struct SurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextDeleter {
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceDeleter>;
using Context = std::unique_ptr<cairo_t, ContextDeleter>;

Error cairo_error(cairo_status_t status) {
  return runtime_error(std::string("drawing failed: ") + cairo_status_to_string(status));
}

uint32_t* surface_row(cairo_surface_t* surface, int y) {
  unsigned char* data = cairo_image_surface_get_data(surface);
  return reinterpret_cast<uint32_t*>(data + static_cast<ptrdiff_t>(y) *
                                                cairo_image_surface_get_stride(surface));
}

// CAIRO_FORMAT_RGB24 holds 0x00RRGGBB in the machine's byte order.
void copy_in(const Image& picture, cairo_surface_t* surface) {
  cairo_surface_flush(surface);
  for (int y = 0; y < picture.height(); ++y) {
    uint32_t* out = surface_row(surface, y);
    const uint8_t* in = picture.row(y);
    for (int x = 0; x < picture.width(); ++x, in += kImageChannels)
      out[x] = uint32_t{in[0]} << 16 | uint32_t{in[1]} << 8 | in[2];
  }
  cairo_surface_mark_dirty(surface);
}

Image copy_out(cairo_surface_t* surface, int width, int height) {
  cairo_surface_flush(surface);
  Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    const uint32_t* in = surface_row(surface, y);
    uint8_t* out = picture.row(y);
    for (int x = 0; x < width; ++x, out += kImageChannels) {
      out[0] = static_cast<uint8_t>(in[x] >> 16);
      out[1] = static_cast<uint8_t>(in[x] >> 8);
      out[2] = static_cast<uint8_t>(in[x]);
    }
  }
  return picture;
}

std::string label_text(const Detection& detection, std::span<const std::string> names) {
  char confidence[16];
  std::snprintf(confidence, sizeof confidence, " %.2f",
                static_cast<double>(std::clamp(detection.confidence, 0.0f, 1.0f)));
  return to_printable_utf8(class_name(names, detection.class_id)) + confidence;
}

class Painter {
 public:
  Painter(cairo_t* context, int width, int height)
      : context_(context), width_(width), height_(height) {
    const double mean_side = (width + height) / 2.0;
    line_ = std::max(1.5, mean_side * 0.004);
    font_size_ = std::max(11.0, mean_side * 0.026);
    cairo_select_font_face(context_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(context_, font_size_);
    cairo_set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
  }

  void box(const Detection& detection) {
    const Box b = visible(detection.box);
    // The line lies inside the box, and so inside the picture.
    const double width = std::max(b.width() - line_, 0.1),
                 height = std::max(b.height() - line_, 0.1);
    cairo_rectangle(context_, b.x1 + line_ / 2, b.y1 + line_ / 2, width, height);
    cairo_set_source_rgba(context_, 0, 0, 0, 0.35);
    cairo_set_line_width(context_, line_ * 1.7);
    cairo_stroke_preserve(context_);
    set_source(class_colour(detection.class_id));
    cairo_set_line_width(context_, line_);
    cairo_stroke(context_);
  }

  void label(const Detection& detection, const std::string& text) {
    cairo_font_extents_t font;
    cairo_text_extents_t extents;
    cairo_font_extents(context_, &font);
    cairo_text_extents(context_, text.c_str(), &extents);
    const double margin = font_size_ * 0.25;
    const double width = extents.x_advance + 2 * margin;
    const double height = font.ascent + font.descent;

    const Box b = visible(detection.box);
    const double x = std::clamp<double>(b.x1, 0, std::max(width_ - width, 0.0));
    const double above = b.y1 - height;
    const double y =
        above >= 0 ? above : std::clamp<double>(b.y1, 0, std::max(height_ - height, 0.0));

    const Colour colour = class_colour(detection.class_id);
    set_source(colour);
    cairo_rectangle(context_, x, y, width, height);
    cairo_fill(context_);
    set_source(text_colour_on(colour));
    cairo_move_to(context_, x + margin, y + font.ascent);
    cairo_show_text(context_, text.c_str());
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

}  // namespace

Result<Image> draw_detections(const Image& picture, std::span<const Detection> detections,
                              std::span<const std::string> names) {
  assert(!picture.empty());
  const int width = picture.width(), height = picture.height();
  if (std::max(width, height) > kMostSide)
    return input_error("drawing failed: a side of the picture is over " +
                       std::to_string(kMostSide) + " pixels");
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  if (const auto status = cairo_surface_status(surface.get()); status != CAIRO_STATUS_SUCCESS)
    return cairo_error(status);
  copy_in(picture, surface.get());

  const Context context(cairo_create(surface.get()));
  Painter painter(context.get(), width, height);
  const std::vector<const Detection*> order = drawing_order(detections);
  for (const Detection* detection : order) painter.box(*detection);
  for (const Detection* detection : order) painter.label(*detection, label_text(*detection, names));
  if (const auto status = cairo_status(context.get()); status != CAIRO_STATUS_SUCCESS)
    return cairo_error(status);
  return copy_out(surface.get(), width, height);
}

}  // namespace shrike
