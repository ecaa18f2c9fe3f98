#include <cmath>

#include "augment/augmentation.h"
#include "augment/keep.h"

namespace shrike {

namespace {

constexpr double kLeastShare = 0.02, kMostShare = 0.33;  // of the output's area
constexpr double kMostErasedAspect = 3.3;
constexpr uint32_t kTries = 10;

// A rectangle that fits; none where ten did not.
std::optional<Rect> draw_rectangle(const AugmentContext& context) {
  const int width = context.preprocess.width, height = context.preprocess.height;
  const Draws& draws = context.draws;
  const double all = static_cast<double>(width) * height;
  for (uint32_t i = 0; i < kTries; ++i) {
    const double area = all * draws.between(kLeastShare, kMostShare, Draw::kErasingSize, i);
    const double log = std::log(kMostErasedAspect);
    const double aspect = std::exp(draws.between(-log, log, Draw::kErasingAspect, i));
    const auto w = static_cast<int>(std::lround(std::sqrt(area * aspect)));
    const auto h = static_cast<int>(std::lround(std::sqrt(area / aspect)));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const auto x = static_cast<double>(draws.below(width - w + 1, Draw::kErasingPlace, 2 * i));
    const auto y = static_cast<double>(draws.below(height - h + 1, Draw::kErasingPlace, 2 * i + 1));
    return Rect{x, y, x + w, y + h};
  }
  return std::nullopt;
}

}  // namespace

// Z. Zhong et al.: Random erasing, 2017; shares and aspects as there. Objects of which a tenth or
// less is left go with it, as those that leave the picture.
Result<void> erase(const AugmentContext& context, Composition& composition) {
  if (!context.draws.happens(context.settings.erasing, Draw::kErasing)) return {};
  composition.erased = draw_rectangle(context);
  if (!composition.erased) return {};
  std::erase_if(composition.objects, [&](const LabelledBox& object) {
    const double hidden = intersection(object.box, *composition.erased).area();
    return object.box.area() - hidden <= kLeastVisible * object.box.area();
  });
  return {};
}

}  // namespace shrike
