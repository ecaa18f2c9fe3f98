#include "augment/augmentation.h"

namespace shrike {

// The mean over squares of 3, 5 or 7 pixels, as Albumentations' Blur has them by default.
Result<void> blur(const AugmentContext& context, Composition& composition) {
  if (context.draws.happens(context.settings.blur, Draw::kBlur))
    composition.blur = static_cast<int>(3 + 2 * context.draws.below(3, Draw::kBlurSize));
  return {};
}

}  // namespace shrike
