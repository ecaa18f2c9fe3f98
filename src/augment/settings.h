// AugmentSettings: how much training pictures are changed.
//
// Names, meanings and defaults are those of Ultralytics 8.4 for detection
// (https://docs.ultralytics.com/usage/cfg, "Augmentation settings"), so that a run can be compared;
// `grey` and `blur` are what it leaves to another package, and off unless asked for. `erasing` is
// off, too: there it works in classification only. docs/training-data.md says what each one does.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace shrike {

struct AugmentSettings {
  double hsv_h = 0.015, hsv_s = 0.7, hsv_v = 0.4;
  double degrees = 0, translate = 0.1, scale = 0.5, shear = 0, perspective = 0;
  double flipud = 0, fliplr = 0.5;
  double mosaic = 1, mixup = 0, cutmix = 0;
  double erasing = 0, grey = 0, blur = 0;
  int close_mosaic = 10;  // epochs at the end without mosaic, mixup and cutmix; 0: none

  // Nothing is changed: pictures are letterboxed alone.
  static AugmentSettings none();
  // Whether few pictures are made of one: turned, mirrored or grey at most.
  bool repeats_pictures() const;
  // What holds once mosaics are closed.
  AugmentSettings closed() const;

  bool operator==(const AugmentSettings&) const = default;
};

// One setting that is a number; close_mosaic, a count of epochs, is not among them.
struct AugmentSetting {
  std::string_view name;  // "hsv_h"
  double AugmentSettings::*value;
  double most;  // the least is 0
  std::string_view meaning;
};

std::span<const AugmentSetting> augment_settings();

// kUsage where one is outside its range, NaN included: the message names it and the range.
Result<void> check(const AugmentSettings& settings);

}  // namespace shrike
