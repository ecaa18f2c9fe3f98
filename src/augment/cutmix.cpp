#include <algorithm>
#include <cmath>

#include "augment/keep.h"
#include "augment/scene.h"

namespace shrike {

namespace {

constexpr uint32_t kScene = 2;
constexpr uint32_t kTries = 3;

// Of a share of the output's area that is uniform in 0..1, anywhere, cut off at the edges.
Rect draw_part(const AugmentContext& context, uint32_t index) {
  const int width = context.preprocess.width, height = context.preprocess.height;
  const double side = std::sqrt(context.draws.uniform(Draw::kCutmixSize, index));
  const auto half_width = static_cast<int>(width * side) / 2;
  const auto half_height = static_cast<int>(height * side) / 2;
  const auto x = static_cast<int>(context.draws.below(width, Draw::kCutmixPlace, 2 * index));
  const auto y = static_cast<int>(context.draws.below(height, Draw::kCutmixPlace, 2 * index + 1));
  return {std::max(x - half_width, 0) * 1.0, std::max(y - half_height, 0) * 1.0,
          std::min(x + half_width, width) * 1.0, std::min(y + half_height, height) * 1.0};
}

// A part that covers no object; of several, one as likely as the other.
std::optional<Rect> draw_free_part(const AugmentContext& context,
                                   const std::vector<LabelledBox>& objects) {
  std::vector<Rect> free;
  for (uint32_t i = 0; i < kTries; ++i) {
    const Rect part = draw_part(context, i);
    const bool covers = std::any_of(objects.begin(), objects.end(), [&](const LabelledBox& o) {
      return intersection(o.box, part).area() > 0;
    });
    if (part.area() > 0 && !covers) free.push_back(part);
  }
  if (free.empty()) return std::nullopt;
  const int64_t chosen =
      context.draws.below(static_cast<int64_t>(free.size()), Draw::kCutmixChoice);
  return free[static_cast<size_t>(chosen)];
}

}  // namespace

// S. Yun et al.: CutMix, 2019, for boxes as Ultralytics 8.4 does it: nothing happens where three
// parts all cover objects, or where the part would bring none.
Result<void> cut_mix(const AugmentContext& context, Composition& composition) {
  if (!context.draws.happens(context.settings.cutmix, Draw::kCutmix)) return {};
  const auto part = draw_free_part(context, composition.objects);
  if (!part) return {};
  const size_t sample = draw_partner(context, Draw::kCutmixPartner, 0);
  SHRIKE_ASSIGN(SceneWithObjects made, make_scene(for_scene(context, kScene), sample));
  const size_t before = composition.objects.size();
  for (const LabelledBox& object : made.objects) {
    const Rect cut = intersection(object.box, *part);
    if (cut.area() >= kLeastVisible * object.box.area())
      composition.objects.push_back({object.class_id, cut});
  }
  if (composition.objects.size() > before)
    composition.scenes.push_back({std::move(made.scene), 1, *part});
  return {};
}

}  // namespace shrike
