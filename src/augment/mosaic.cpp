#include <array>

#include "augment/scene.h"

namespace shrike {

Result<SceneLayout> lay_mosaic(const AugmentContext& context, size_t sample) {
  const int width = context.preprocess.width, height = context.preprocess.height;
  SceneLayout layout = {2 * width, 2 * height, {}, {}};
  const Draws& draws = context.draws;
  const auto centre_x = static_cast<int>(draws.between(0.5, 1.5, Draw::kMosaicCentre, 0) * width);
  const auto centre_y = static_cast<int>(draws.between(0.5, 1.5, Draw::kMosaicCentre, 1) * height);
  for (uint32_t i = 0; i < 4; ++i) {
    const size_t one = i == 0 ? sample : draw_partner(context, Draw::kPartner, i);
    SHRIKE_ASSIGN(const SourcePicture source, context.pictures(one));
    // Each with a corner at the centre: above it left and right, below it left and right.
    const int left = i % 2 == 0 ? centre_x - source.image->width() : centre_x;
    const int top = i < 2 ? centre_y - source.image->height() : centre_y;
    lay_picture(source, left, top, layout);
  }
  return layout;
}

}  // namespace shrike
