#include "augment/scene.h"

#include <algorithm>
#include <cmath>

#include "augment/keep.h"

namespace shrike {

namespace {

// Square pixels that one of the canvas becomes, at its middle.
double area_gain(const Matrix& map, double x, double y) {
  const auto& m = map.m;
  const double w = m[6] * x + m[7] * y + m[8];
  const double determinant = m[0] * (m[4] * m[8] - m[5] * m[7]) -
                             m[1] * (m[3] * m[8] - m[5] * m[6]) +
                             m[2] * (m[3] * m[7] - m[4] * m[6]);
  return std::abs(determinant / (w * w * w));
}

std::vector<LabelledBox> seen_objects(const SceneLayout& layout, const Matrix& map,
                                      const Preprocess& output) {
  const Rect frame = {0, 0, static_cast<double>(output.width), static_cast<double>(output.height)};
  const double gain = area_gain(map, layout.width / 2.0, layout.height / 2.0);
  std::vector<LabelledBox> seen;
  for (const LabelledBox& object : layout.objects) {
    const auto moved = around(map, object.box);
    if (!moved) continue;
    const Rect cut = intersection(*moved, frame);
    if (is_kept(object.box.area() * gain, cut)) seen.push_back({object.class_id, cut});
  }
  return seen;
}

}  // namespace

void lay_picture(const SourcePicture& source, int left, int top, SceneLayout& layout) {
  const Image& image = *source.image;
  PlacedPicture placed = {source.image,
                          left,
                          top,
                          std::max(left, 0),
                          std::max(top, 0),
                          std::min(left + image.width(), layout.width),
                          std::min(top + image.height(), layout.height)};
  if (placed.x1 >= placed.x2 || placed.y1 >= placed.y2) return;
  const Rect shown = {static_cast<double>(placed.x1), static_cast<double>(placed.y1),
                      static_cast<double>(placed.x2), static_cast<double>(placed.y2)};
  layout.pictures.push_back(std::move(placed));
  const double x_scale = static_cast<double>(image.width()) / source.width;
  const double y_scale = static_cast<double>(image.height()) / source.height;
  for (const Truth& t : source.truth) {
    if (!t.counts()) continue;
    const Rect box =
        intersection({left + t.x * x_scale, top + t.y * y_scale, left + (t.x + t.width) * x_scale,
                      top + (t.y + t.height) * y_scale},
                     shown);
    if (box.area() > 0) layout.objects.push_back({t.class_id, box});
  }
}

Result<SceneLayout> lay_alone(const AugmentContext& context, size_t sample) {
  SHRIKE_ASSIGN(const SourcePicture source, context.pictures(sample));
  const Placement placement = place(context.preprocess, source.width, source.height);
  SceneLayout layout = {context.preprocess.width, context.preprocess.height, {}, {}};
  lay_picture(source, placement.left, placement.top, layout);
  return layout;
}

Result<SceneWithObjects> make_scene(const AugmentContext& context, size_t sample) {
  const bool mosaic = context.draws.happens(context.settings.mosaic, Draw::kMosaic);
  SHRIKE_ASSIGN(SceneLayout layout,
                mosaic ? lay_mosaic(context, sample) : lay_alone(context, sample));
  const Matrix map = draw_map(context, layout.width, layout.height);
  std::vector<LabelledBox> seen = seen_objects(layout, map, context.preprocess);
  return SceneWithObjects{{std::move(layout.pictures), map}, std::move(seen)};
}

AugmentContext for_scene(const AugmentContext& context, uint32_t scene) {
  AugmentContext other = context;
  other.draws = context.draws.of_scene(scene);
  return other;
}

Result<void> lay_scene(const AugmentContext& context, Composition& composition) {
  const size_t sample = context.order[static_cast<size_t>(context.position)];
  SHRIKE_ASSIGN(SceneWithObjects made, make_scene(context, sample));
  composition.scenes.push_back({std::move(made.scene), 1, std::nullopt});
  composition.objects = std::move(made.objects);
  return {};
}

}  // namespace shrike
