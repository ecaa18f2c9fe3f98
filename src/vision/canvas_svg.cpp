// How a canvas becomes SVG 1.1. https://www.w3.org/TR/SVG11/
#include <charconv>
#include <cmath>

#include "vision/canvas.h"
#include "vision/utf8.h"

namespace shrike {

namespace {

// At most two decimals, no zeros at the end, a point in every locale.
std::string number(double value) {
  const double rounded = std::round(value * 100) / 100;
  if (rounded == 0) return "0";  // never "-0"
  char text[400];
  const auto [end, error] =
      std::to_chars(text, text + sizeof text, rounded, std::chars_format::fixed, 2);
  assert(error == std::errc{});
  std::string out(text, end);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string hex(const Colour& c) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "#";
  for (const uint8_t value : {c.r, c.g, c.b}) {
    out += kDigits[value >> 4];
    out += kDigits[value & 15];
  }
  return out;
}

std::string attribute(std::string_view name, const std::string& value) {
  return " " + std::string(name) + "=\"" + value + "\"";
}

std::string fill(const Ink& ink) {
  return attribute("fill", hex(ink.colour)) +
         (ink.opacity < 1 ? attribute("fill-opacity", number(ink.opacity)) : "");
}

std::string stroke_attributes(const Stroke& stroke) {
  std::string out = attribute("stroke", hex(stroke.ink.colour));
  if (stroke.ink.opacity < 1) out += attribute("stroke-opacity", number(stroke.ink.opacity));
  if (stroke.width != 1) out += attribute("stroke-width", number(stroke.width));
  if (stroke.dashes.empty()) return out;
  std::string dashes;
  for (const double length : stroke.dashes) dashes += (dashes.empty() ? "" : " ") + number(length);
  return out + attribute("stroke-dasharray", dashes);
}

std::string points_attribute(const std::vector<Point>& points) {
  std::string out;
  for (const Point& p : points) out += (out.empty() ? "" : " ") + number(p.x) + "," + number(p.y);
  return attribute("points", out);
}

std::string place(const Rectangle& r) {
  return attribute("x", number(r.x)) + attribute("y", number(r.y)) +
         attribute("width", number(r.width)) + attribute("height", number(r.height));
}

struct SvgWriter {
  std::string& out;

  void operator()(const Canvas::Line& line) {
    out += "<polyline" + points_attribute(line.points) + stroke_attributes(line.stroke) + "/>\n";
  }
  void operator()(const Canvas::Area& area) {
    out += "<polygon" + points_attribute(area.points) + fill(area.ink) + "/>\n";
  }
  void operator()(const Canvas::Box& box) {
    out += "<rect" + place(box.area) + fill(box.ink) + "/>\n";
  }
  void operator()(const Canvas::Disc& disc) {
    out += "<circle" + attribute("cx", number(disc.centre.x)) +
           attribute("cy", number(disc.centre.y)) + attribute("r", number(disc.radius)) +
           fill(disc.ink) + "/>\n";
  }

  void operator()(const Canvas::Text& text) {
    const TextStyle& style = text.style;
    out += "<text";
    if (style.rotation != 0)
      out += attribute("transform", "translate(" + number(text.at.x) + " " + number(text.at.y) +
                                        ") rotate(" + number(style.rotation) + ")");
    else
      out += attribute("x", number(text.at.x));
    const double base =
        (style.rotation != 0 ? 0 : text.at.y) + (style.centred ? kHalfCapital * style.size : 0);
    out +=
        attribute("y", number(base)) + attribute("font-size", number(style.size)) + fill(style.ink);
    if (style.bold) out += attribute("font-weight", "bold");
    if (style.anchor != Anchor::kStart)
      out += attribute("text-anchor", style.anchor == Anchor::kMiddle ? "middle" : "end");
    out += ">" + xml_text(text.text) + "</text>\n";
  }

  // A nested <svg> cuts off what leaves it, and needs no id as a clip path does.
  void operator()(const Canvas::BeginClip& clip) {
    const Rectangle& r = clip.area;
    out += "<svg" + place(r) +
           attribute("viewBox", number(r.x) + " " + number(r.y) + " " + number(r.width) + " " +
                                    number(r.height)) +
           attribute("overflow", "hidden") + ">\n";
  }
  void operator()(const Canvas::EndClip&) { out += "</svg>\n"; }
};

}  // namespace

std::string Canvas::to_svg(std::string_view label) const {
  assert(open_clips_ == 0);
  const std::string width = number(width_), height = number(height_);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width) +
                    attribute("height", height) +
                    attribute("viewBox", "0 0 " + width + " " + height) + attribute("role", "img") +
                    attribute("aria-label", xml_text(label)) +
                    " fill=\"none\" stroke-linejoin=\"round\""
                    " font-family=\"'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif\">\n";
  out += "<rect" + place({0, 0, width_, height_}) + fill({background_}) + "/>\n";
  SvgWriter writer{out};
  for (const Command& command : commands_) std::visit(writer, command);
  return out + "</svg>\n";
}

}  // namespace shrike
