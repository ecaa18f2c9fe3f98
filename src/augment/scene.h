// Scenes: pictures laid out on a canvas, and the canvas seen through a map.
#pragma once

#include <vector>

#include "augment/augmentation.h"
#include "augment/composition.h"

namespace shrike {

// A canvas before it is bent.
struct SceneLayout {
  int width = 0, height = 0;
  std::vector<PlacedPicture> pictures;
  std::vector<LabelledBox> objects;  // what of them shows, in pixels of the canvas
};

// Lays `source` at (left, top), its objects with it; crowds and ignored objects, which are no
// examples of their class, and what is cut off by the canvas stay away.
void lay_picture(const SourcePicture& source, int left, int top, SceneLayout& canvas);

// The sample alone, as detection would see it: of the output's size.
Result<SceneLayout> lay_alone(const AugmentContext& context, size_t sample);

// The sample and three partners around a point that lies in the middle half of a canvas of twice
// the output's sides (A. Bochkovskiy et al.: YOLOv4, 2020).
Result<SceneLayout> lay_mosaic(const AugmentContext& context, size_t sample);

// The map that turns, scales, shears, tilts and moves a canvas about its middle, to the output.
Matrix draw_map(const AugmentContext& context, int canvas_width, int canvas_height);

struct SceneWithObjects {
  Scene scene;
  std::vector<LabelledBox> objects;  // those that are kept (keep.h), in pixels of the output
};

// One of the two layouts through such a map.
Result<SceneWithObjects> make_scene(const AugmentContext& context, size_t sample);

// The context in which the scene numbered `scene` of the same sample is drawn.
AugmentContext for_scene(const AugmentContext& context, uint32_t scene);

}  // namespace shrike
