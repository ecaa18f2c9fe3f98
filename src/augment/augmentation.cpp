#include "augment/augmentation.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace shrike {

namespace {

constexpr std::array kAugmentations = {
    Augmentation{"scene", lay_scene},     // mosaic, degrees, scale, shear, translate, perspective
    Augmentation{"mixup", mix_up},        //
    Augmentation{"cutmix", cut_mix},      //
    Augmentation{"grey", turn_grey},      //
    Augmentation{"hsv", change_colours},  //
    Augmentation{"blur", blur},           //
    Augmentation{"flip", flip},           //
    Augmentation{"erasing", erase},
};

}  // namespace

size_t draw_partner(const AugmentContext& context, Draw what, uint32_t index) {
  const auto count = static_cast<int64_t>(context.order.size());
  const int64_t window = context.window == 0 ? count : std::min(context.window, count);
  const int64_t first = std::clamp(context.position - window / 2, int64_t{0}, count - window);
  return context.order[static_cast<size_t>(first + context.draws.below(window, what, index))];
}

std::span<const Augmentation> augmentations() { return kAugmentations; }

Result<Composition> compose(const AugmentContext& context) {
  assert(context.position >= 0 && static_cast<size_t>(context.position) < context.order.size());
  Composition composition;
  composition.width = context.preprocess.width;
  composition.height = context.preprocess.height;
  composition.fill = static_cast<uint8_t>(std::nearbyint(context.preprocess.fill));
  for (const Augmentation& step : kAugmentations) SHRIKE_TRY(step.apply(context, composition));
  return composition;
}

}  // namespace shrike
