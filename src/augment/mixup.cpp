#include "augment/scene.h"

namespace shrike {

namespace {

constexpr uint32_t kScene = 1;
constexpr int kBeta = 32;  // of the weight's distribution, as Ultralytics has it

}  // namespace

// H. Zhang et al.: mixup, 2018; both pictures' objects stay.
Result<void> mix_up(const AugmentContext& context, Composition& composition) {
  if (!context.draws.happens(context.settings.mixup, Draw::kMixup)) return {};
  const size_t sample = draw_partner(context, Draw::kMixupPartner, 0);
  SHRIKE_ASSIGN(SceneWithObjects made, make_scene(for_scene(context, kScene), sample));
  composition.scenes.push_back(
      {std::move(made.scene), context.draws.beta(kBeta, Draw::kMixupWeight), std::nullopt});
  composition.objects.insert(composition.objects.end(), made.objects.begin(), made.objects.end());
  return {};
}

}  // namespace shrike
