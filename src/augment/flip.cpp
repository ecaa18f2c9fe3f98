#include "augment/augmentation.h"

namespace shrike {

namespace {

void mirror(double width, Rect& rect) {
  rect = {width - rect.x2, rect.y1, width - rect.x1, rect.y2};
}

void turn_over(double height, Rect& rect) {
  rect = {rect.x1, height - rect.y2, rect.x2, height - rect.y1};
}

// What is laid out so far, seen through `map`, boxes as `change` has it.
template <typename Change>
void apply(const Matrix& map, Change change, Composition& composition) {
  for (MixedScene& mixed : composition.scenes) {
    mixed.scene.to_output = map * mixed.scene.to_output;
    if (mixed.part) change(*mixed.part);
  }
  for (LabelledBox& object : composition.objects) change(object.box);
}

}  // namespace

// Part of the map, and so for nothing.
Result<void> flip(const AugmentContext& context, Composition& composition) {
  const double width = composition.width, height = composition.height;
  if (context.draws.happens(context.settings.flipud, Draw::kFlipUpDown))
    apply(
        {{1, 0, 0, 0, -1, height, 0, 0, 1}}, [&](Rect& r) { turn_over(height, r); }, composition);
  if (context.draws.happens(context.settings.fliplr, Draw::kFlipLeftRight))
    apply(
        {{-1, 0, width, 0, 1, 0, 0, 0, 1}}, [&](Rect& r) { mirror(width, r); }, composition);
  return {};
}

}  // namespace shrike
