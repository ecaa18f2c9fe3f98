#include "augment/augmentation.h"

namespace shrike {

Result<void> turn_grey(const AugmentContext& context, Composition& composition) {
  composition.grey = context.draws.happens(context.settings.grey, Draw::kGrey);
  return {};
}

Result<void> change_colours(const AugmentContext& context, Composition& composition) {
  const AugmentSettings& settings = context.settings;
  if (settings.hsv_h == 0 && settings.hsv_s == 0 && settings.hsv_v == 0) return {};
  const auto change = [&](double most, uint32_t index) {
    return static_cast<float>(context.draws.between(-most, most, Draw::kHsv, index));
  };
  composition.hsv = HsvChange{change(settings.hsv_h, 0), 1 + change(settings.hsv_s, 1),
                              1 + change(settings.hsv_v, 2)};
  return {};
}

}  // namespace shrike
