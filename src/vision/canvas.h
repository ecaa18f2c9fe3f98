// Canvas: a drawing of lines, areas and text that becomes a picture (Cairo) or SVG from one list of
// what was drawn.
//
// Units are pixels at scale 1, y runs downwards. What is drawn later lies on top. Points that are
// not finite are left out of lines, shapes with one are not drawn.
//
// SVG is written here and not by Cairo (docs/decisions/008-svg-of-our-own.md): text stays text, and
// without ids several drawings may stand in one page. Text is measured by a table (text_width.h),
// so that a drawing is laid out alike everywhere; a machine without any font draws pictures in
// Cairo's own strokes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "vision/image.h"
#include "vision/palette.h"

namespace shrike {

struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;  // left, top

  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

struct Ink {
  Colour colour;
  double opacity = 1;  // 0..1
};

struct Stroke {
  Ink ink;
  double width = 1;
  std::vector<double> dashes = {};  // lengths of line, gap, line ...; empty: solid
};

inline constexpr double kHalfCapital = 0.36;  // of the size of a font: half the height of capitals

enum class Anchor { kStart, kMiddle, kEnd };  // which part of the text lies at the point

struct TextStyle {
  double size = 12;  // pixels
  Ink ink;
  Anchor anchor = Anchor::kStart;
  bool bold = false;
  bool centred = false;  // the point is at half the height of capitals, not on the base line
  double rotation = 0;   // degrees, clockwise, about the point
};

class Canvas {
 public:
  // Requires finite sides of at least 1.
  Canvas(double width, double height, Colour background);

  double width() const { return width_; }
  double height() const { return height_; }

  void line(Point from, Point to, const Stroke& stroke);
  void polyline(std::vector<Point> points, const Stroke& stroke);
  void polygon(std::vector<Point> points, const Ink& ink);
  void rectangle(const Rectangle& area, const Ink& ink);
  void circle(Point centre, double radius, const Ink& ink);
  // Any bytes: what is no UTF-8 shows as '?'.
  void text(Point at, std::string_view text, const TextStyle& style);

  // What follows is only seen inside `area`, until end_clip(); clips nest.
  void begin_clip(const Rectangle& area);
  void end_clip();

  // `scale` pixels of the picture a unit. Errors: a side over 32,767 pixels (kInput), no memory
  // (kRuntime). Requires every clip to be ended.
  Result<Image> to_image(double scale = 2) const;

  // An <svg> element of the canvas's size that shrinks with its page; `label` is what screen
  // readers say. A file begins with kXmlDeclaration. Requires every clip to be ended.
  std::string to_svg(std::string_view label) const;

  struct Line {
    std::vector<Point> points;
    Stroke stroke;
  };
  struct Area {
    std::vector<Point> points;
    Ink ink;
  };
  struct Box {
    Rectangle area;
    Ink ink;
  };
  struct Disc {
    Point centre;
    double radius;
    Ink ink;
  };
  struct Text {
    Point at;
    std::string text;  // printable UTF-8
    TextStyle style;
  };
  struct BeginClip {
    Rectangle area;
  };
  struct EndClip {};
  using Command = std::variant<Line, Area, Box, Disc, Text, BeginClip, EndClip>;

  // What was drawn, in order.
  std::span<const Command> commands() const { return commands_; }

 private:
  double width_, height_;
  Colour background_;
  int open_clips_ = 0;
  std::vector<Command> commands_;
};

inline constexpr std::string_view kXmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

}  // namespace shrike
