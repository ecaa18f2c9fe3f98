// Augmentations: the steps that decide a composition, a file each, in the order of augmentations().
//
// A step draws what it needs from context.draws and changes the composition; nothing is painted.
// Steps are deterministic: the same context gives the same composition, whoever asks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "augment/composition.h"
#include "augment/draws.h"
#include "augment/settings.h"
#include "base/result.h"
#include "vision/letterbox.h"
#include "vision/truth.h"

namespace shrike {

// A picture of the data set at the size that it has alone in the network's input.
struct SourcePicture {
  std::shared_ptr<const Image> image;
  int width = 0, height = 0;     // as the data set knows it
  std::span<const Truth> truth;  // in pixels of that
};

// Gives a sample's picture, or an error, which ends what is made. Safe to call from many threads.
using PictureSource = std::function<Result<SourcePicture>(size_t sample)>;

// What a step may ask for, while a composition is made.
struct AugmentContext {
  const AugmentSettings& settings;  // what holds in this epoch
  const Preprocess& preprocess;     // the output's base size, fit and fill
  const PictureSource& pictures;
  // The samples in the order of this epoch, and the place of the one that is made.
  std::span<const uint32_t> order;
  int64_t position = 0;
  int64_t window = 0;  // so many of the order around it are partners; 0: all
  Draws draws;
};

// A sample to be laid beside or over the one that is made.
size_t draw_partner(const AugmentContext& context, Draw what, uint32_t index);

Result<void> lay_scene(const AugmentContext& context, Composition& composition);
Result<void> mix_up(const AugmentContext& context, Composition& composition);
Result<void> cut_mix(const AugmentContext& context, Composition& composition);
Result<void> turn_grey(const AugmentContext& context, Composition& composition);
Result<void> change_colours(const AugmentContext& context, Composition& composition);
Result<void> blur(const AugmentContext& context, Composition& composition);
Result<void> flip(const AugmentContext& context, Composition& composition);
Result<void> erase(const AugmentContext& context, Composition& composition);

struct Augmentation {
  std::string_view name;
  Result<void> (*apply)(const AugmentContext& context, Composition& composition);
};

std::span<const Augmentation> augmentations();

// All of them after each other, for the sample at context.position. Requires that to be a place in
// context.order.
Result<Composition> compose(const AugmentContext& context);

}  // namespace shrike
