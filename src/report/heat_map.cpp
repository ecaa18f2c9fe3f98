#include "report/heat_map.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "report/number.h"
#include "report/style.h"
#include "vision/text_width.h"

namespace shrike {

namespace {

constexpr double kSide = 900, kMostCell = 84, kMargin = 20, kMostName = 130, kKey = 90;
constexpr double kBothFrom = 36;  // the least cell that holds share and count

uint8_t mix(uint8_t a, uint8_t b, double t) {
  return static_cast<uint8_t>(std::lround(a + (b - a) * t));
}

// White to blue to a dark blue: lightness falls steadily, so that it reads without colours, too.
Colour heat(double share) {
  constexpr Colour kStops[] = {{240, 246, 250}, style::kBlue, {0, 42, 82}};
  const double t = std::clamp(share, 0.0, 1.0) * 2;
  const Colour &a = kStops[t < 1 ? 0 : 1], &b = kStops[t < 1 ? 1 : 2];
  const double u = t < 1 ? t : t - 1;
  return {mix(a.r, b.r, u), mix(a.g, b.g, u), mix(a.b, b.b, u)};
}

class HeatMapPainter {
 public:
  explicit HeatMapPainter(const HeatMap& map)
      : map_(map),
        cell_(std::clamp(kSide / static_cast<double>(longest_side(map)), kLeastCell, kMostCell)),
        name_size_(std::clamp(cell_ * 0.8, 7.5, style::kTick)),
        row_names_(widest(map.rows)),
        column_names_(widest(map.columns)),
        turned_(column_names_ > cell_ - 6),
        canvas_(1, 1, style::kPaper) {}

  Canvas paint() && {
    Canvas heading(1000, 100, style::kPaper);
    const double top = draw_heading(heading, map_.title, map_.subtitle);
    grid_ = {kMargin + 24 + row_names_ + 8, top + 4,
             cell_ * static_cast<double>(map_.columns.size()),
             cell_ * static_cast<double>(map_.rows.size())};
    // Never so narrow that headings are cut.
    canvas_ =
        Canvas(std::max(grid_.right() + kKey, 560.0),
               grid_.bottom() + 10 + (turned_ ? column_names_ : name_size_) + 44, style::kPaper);
    draw_heading(canvas_, map_.title, map_.subtitle);
    draw_cells();
    draw_names();
    draw_key();
    return std::move(canvas_);
  }

 private:
  static size_t longest_side(const HeatMap& map) {
    return std::max({map.rows.size(), map.columns.size(), size_t{1}});
  }

  std::string cut(const std::string& name) const { return fit_text(name, name_size_, kMostName); }

  double widest(const std::vector<std::string>& names) const {
    double width = 0;
    for (const std::string& name : names)
      width = std::max(width, text_width(cut(name), name_size_));
    return width;
  }

  void draw_cells() {
    canvas_.rectangle(grid_, {style::kFaint});
    const size_t columns = map_.columns.size();
    const double gap = cell_ > 20 ? 1 : 0.5;
    for (size_t row = 0; row < map_.rows.size(); ++row) {
      const uint64_t* counts = map_.counts.data() + row * columns;
      double total = 0;
      for (size_t i = 0; i < columns; ++i) total += static_cast<double>(counts[i]);
      for (size_t column = 0; column < columns; ++column) {
        if (counts[column] == 0) continue;
        const Rectangle area{grid_.x + cell_ * static_cast<double>(column) + gap / 2,
                             grid_.y + cell_ * static_cast<double>(row) + gap / 2, cell_ - gap,
                             cell_ - gap};
        const double share = static_cast<double>(counts[column]) / total;
        canvas_.rectangle(area, {heat(share)});
        draw_numbers(area, share, counts[column]);
      }
    }
  }

  // The share in percent, and the count where there is room.
  void draw_numbers(const Rectangle& area, double share, uint64_t count) {
    const Point middle{area.x + area.width / 2, area.y + area.height / 2};
    const bool both = cell_ >= kBothFrom;
    const std::string percent = share < 0.005 ? "<1" : fixed(share * 100, 0);
    TextStyle text{.size = std::clamp(cell_ * (both ? 0.28 : 0.45), 6.5, both ? 17.0 : 12.0),
                   .ink = {text_colour_on(heat(share))},
                   .anchor = Anchor::kMiddle,
                   .centred = true};
    canvas_.text({middle.x, middle.y - (both ? text.size * 0.55 : 0)}, percent, text);
    if (!both) return;
    text.size = std::min(std::clamp(cell_ * 0.2, 8.0, 12.5), widest_count_size(count));
    text.ink.opacity = 0.85;
    canvas_.text({middle.x, middle.y + text.size * 0.95}, grouped(count), text);
  }

  // At which the count is as wide as its cell.
  double widest_count_size(uint64_t count) const {
    return (cell_ - 4) / text_width(grouped(count), 1);
  }

  void draw_names() {
    TextStyle text{
        .size = name_size_, .ink = {style::kInk}, .anchor = Anchor::kEnd, .centred = true};
    for (size_t row = 0; row < map_.rows.size(); ++row)
      canvas_.text({grid_.x - 8, grid_.y + cell_ * (static_cast<double>(row) + 0.5)},
                   cut(map_.rows[row]), text);
    text.rotation = turned_ ? -90 : 0;
    if (!turned_) text.anchor = Anchor::kMiddle;
    for (size_t column = 0; column < map_.columns.size(); ++column)
      canvas_.text({grid_.x + cell_ * (static_cast<double>(column) + 0.5),
                    grid_.bottom() + 8 + (turned_ ? 0 : name_size_ / 2)},
                   cut(map_.columns[column]), text);
    TextStyle title{.size = style::kAxisTitle, .ink = {style::kInk}, .anchor = Anchor::kMiddle};
    canvas_.text({grid_.x + grid_.width / 2, canvas_.height() - 18}, map_.column_title, title);
    title.rotation = -90;
    canvas_.text({kMargin + 8, grid_.y + grid_.height / 2}, map_.row_title, title);
  }

  // How shares are coloured.
  void draw_key() {
    constexpr int kSteps = 100;
    constexpr double kThick = 14;
    if (map_.counts.empty()) return;
    const double height = std::min(grid_.height, 240.0), x = grid_.right() + 24;
    // Each reaches to the lower end, under the next ones: no seams.
    for (int i = 0; i < kSteps; ++i) {
      const double y = grid_.y + height * i / kSteps;
      canvas_.rectangle({x, y, kThick, grid_.y + height - y}, {heat(1 - (i + 0.5) / kSteps)});
    }
    TextStyle text{.size = style::kTick, .ink = {style::kQuiet}, .centred = true};
    for (const double share : {0.0, 0.5, 1.0})
      canvas_.text({x + kThick + 6, grid_.y + height * (1 - share)}, fixed(share * 100, 0) + " %",
                   text);
  }

  const HeatMap& map_;
  double cell_, name_size_, row_names_, column_names_;
  bool turned_;
  Rectangle grid_;
  Canvas canvas_;
};

}  // namespace

Canvas draw(const HeatMap& map) {
  assert(map.counts.size() == map.rows.size() * map.columns.size());
  return HeatMapPainter(map).paint();
}

}  // namespace shrike
