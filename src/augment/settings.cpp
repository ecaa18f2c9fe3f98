#include "augment/settings.h"

#include <array>
#include <cstdio>
#include <string>

namespace shrike {

namespace {

using S = AugmentSettings;

// Beyond 44 degrees of shear in both directions a picture may become a line; a scale of 1 would
// let it become a point.
constexpr std::array kSettings = {
    AugmentSetting{"hsv_h", &S::hsv_h, 1, "hue, most change in turns of the colour wheel"},
    AugmentSetting{"hsv_s", &S::hsv_s, 1, "saturation, most change of its factor 1"},
    AugmentSetting{"hsv_v", &S::hsv_v, 1, "brightness, most change of its factor 1"},
    AugmentSetting{"degrees", &S::degrees, 180, "rotation, most degrees either way"},
    AugmentSetting{"translate", &S::translate, 1, "shift, most share of the side either way"},
    AugmentSetting{"scale", &S::scale, 0.99, "size, most change of its factor 1"},
    AugmentSetting{"shear", &S::shear, 44, "shear, most degrees along each side"},
    AugmentSetting{"perspective", &S::perspective, 0.001, "perspective, most per pixel"},
    AugmentSetting{"flipud", &S::flipud, 1, "probability of turning upside down"},
    AugmentSetting{"fliplr", &S::fliplr, 1, "probability of mirroring left and right"},
    AugmentSetting{"mosaic", &S::mosaic, 1, "probability of four pictures side by side"},
    AugmentSetting{"mixup", &S::mixup, 1, "probability of another picture shining through"},
    AugmentSetting{"cutmix", &S::cutmix, 1, "probability of a part of another picture"},
    AugmentSetting{"erasing", &S::erasing, 1, "probability of a rectangle without picture"},
    AugmentSetting{"grey", &S::grey, 1, "probability of no colours"},
    AugmentSetting{"blur", &S::blur, 1, "probability of a blurred picture"},
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

}  // namespace

AugmentSettings AugmentSettings::none() {
  AugmentSettings none;
  for (const AugmentSetting& setting : kSettings) none.*setting.value = 0;
  none.close_mosaic = 0;
  return none;
}

bool AugmentSettings::repeats_pictures() const {
  AugmentSettings repeated = *this;
  repeated.flipud = repeated.fliplr = repeated.grey = 0;
  repeated.close_mosaic = 0;
  return repeated == none();
}

AugmentSettings AugmentSettings::closed() const {
  AugmentSettings closed = *this;
  closed.mosaic = closed.mixup = closed.cutmix = 0;
  return closed;
}

std::span<const AugmentSetting> augment_settings() { return kSettings; }

Result<void> check(const AugmentSettings& settings) {
  for (const AugmentSetting& setting : kSettings) {
    const double value = settings.*setting.value;
    if (!(value >= 0 && value <= setting.most))
      return usage_error(std::string(setting.name) + " must lie in 0.." + number(setting.most) +
                         ", not be " + number(value));
  }
  if (settings.close_mosaic < 0)
    return usage_error("close_mosaic must be at least 0, not " +
                       std::to_string(settings.close_mosaic));
  return {};
}

}  // namespace shrike
