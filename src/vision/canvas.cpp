#include "vision/canvas.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "vision/cairo_surface.h"
#include "vision/utf8.h"

namespace shrike {

namespace {

bool is_finite(const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

bool is_finite(const Rectangle& r) {
  return std::isfinite(r.x) && std::isfinite(r.y) && std::isfinite(r.width) &&
         std::isfinite(r.height);
}

// Replays a canvas on Cairo.
class CairoPainter {
 public:
  explicit CairoPainter(cairo_t* context) : context_(context) {
    cairo_set_line_join(context_, CAIRO_LINE_JOIN_ROUND);
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(context_, options);
    cairo_font_options_destroy(options);
  }

  void operator()(const Canvas::Line& line) {
    trace(line.points);
    set_source(line.stroke.ink);
    cairo_set_line_width(context_, line.stroke.width);
    cairo_set_dash(context_, line.stroke.dashes.data(), static_cast<int>(line.stroke.dashes.size()),
                   0);
    cairo_stroke(context_);
  }

  void operator()(const Canvas::Area& area) {
    trace(area.points);
    fill(area.ink);
  }

  void operator()(const Canvas::Box& box) {
    cairo_rectangle(context_, box.area.x, box.area.y, box.area.width, box.area.height);
    fill(box.ink);
  }

  void operator()(const Canvas::Disc& disc) {
    cairo_arc(context_, disc.centre.x, disc.centre.y, disc.radius, 0, 2 * std::numbers::pi);
    fill(disc.ink);
  }

  void operator()(const Canvas::Text& text) {
    const TextStyle& style = text.style;
    cairo_save(context_);
    cairo_translate(context_, text.at.x, text.at.y);
    cairo_rotate(context_, style.rotation * std::numbers::pi / 180);
    cairo_select_font_face(context_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context_, style.size);
    cairo_text_extents_t extents;
    cairo_text_extents(context_, text.text.c_str(), &extents);
    const double before = style.anchor == Anchor::kStart    ? 0
                          : style.anchor == Anchor::kMiddle ? extents.x_advance / 2
                                                            : extents.x_advance;
    cairo_move_to(context_, -before, style.centred ? kHalfCapital * style.size : 0);
    set_source(style.ink);
    cairo_show_text(context_, text.text.c_str());
    cairo_restore(context_);
    cairo_new_path(context_);
  }

  void operator()(const Canvas::BeginClip& clip) {
    cairo_save(context_);
    cairo_rectangle(context_, clip.area.x, clip.area.y, clip.area.width, clip.area.height);
    cairo_clip(context_);
  }

  void operator()(const Canvas::EndClip&) { cairo_restore(context_); }

 private:
  void set_source(const Ink& ink) {
    cairo_set_source_rgba(context_, ink.colour.r / 255.0, ink.colour.g / 255.0,
                          ink.colour.b / 255.0, ink.opacity);
  }

  void trace(const std::vector<Point>& points) {
    for (const Point& p : points) cairo_line_to(context_, p.x, p.y);
  }

  void fill(const Ink& ink) {
    set_source(ink);
    cairo_fill(context_);
  }

  cairo_t* context_;
};

}  // namespace

Canvas::Canvas(double width, double height, Colour background)
    : width_(width), height_(height), background_(background) {
  assert(std::isfinite(width) && std::isfinite(height) && width >= 1 && height >= 1);
}

void Canvas::line(Point from, Point to, const Stroke& stroke) { polyline({from, to}, stroke); }

void Canvas::polyline(std::vector<Point> points, const Stroke& stroke) {
  std::erase_if(points, [](const Point& p) { return !is_finite(p); });
  if (points.size() >= 2) commands_.push_back(Line{std::move(points), stroke});
}

void Canvas::polygon(std::vector<Point> points, const Ink& ink) {
  const auto finite = [](const Point& p) { return is_finite(p); };
  if (points.size() >= 3 && std::all_of(points.begin(), points.end(), finite))
    commands_.push_back(Area{std::move(points), ink});
}

void Canvas::rectangle(const Rectangle& area, const Ink& ink) {
  if (is_finite(area) && area.width > 0 && area.height > 0) commands_.push_back(Box{area, ink});
}

void Canvas::circle(Point centre, double radius, const Ink& ink) {
  if (is_finite(centre) && std::isfinite(radius) && radius > 0)
    commands_.push_back(Disc{centre, radius, ink});
}

void Canvas::text(Point at, std::string_view text, const TextStyle& style) {
  if (is_finite(at) && !text.empty()) commands_.push_back(Text{at, to_printable_utf8(text), style});
}

void Canvas::begin_clip(const Rectangle& area) {
  assert(is_finite(area));
  ++open_clips_;
  commands_.push_back(BeginClip{area});
}

void Canvas::end_clip() {
  assert(open_clips_ > 0);
  --open_clips_;
  commands_.push_back(EndClip{});
}

Result<Image> Canvas::to_image(double scale) const {
  assert(open_clips_ == 0 && scale > 0);
  const double width = std::ceil(width_ * scale), height = std::ceil(height_ * scale);
  if (!(std::max(width, height) <= kMostSurfaceSide))
    return input_error("drawing failed: a side of the picture is over " +
                       std::to_string(kMostSurfaceSide) + " pixels");
  SHRIKE_ASSIGN(const CairoSurface surface,
                CairoSurface::create(static_cast<int>(width), static_cast<int>(height)));
  const CairoContext context = surface.context();
  cairo_set_source_rgb(context.get(), background_.r / 255.0, background_.g / 255.0,
                       background_.b / 255.0);
  cairo_paint(context.get());
  cairo_scale(context.get(), scale, scale);
  CairoPainter painter(context.get());
  for (const Command& command : commands_) std::visit(painter, command);
  if (const auto status = cairo_status(context.get()); status != CAIRO_STATUS_SUCCESS)
    return cairo_error(status);
  return surface.to_image();
}

}  // namespace shrike
