// Draws: every random number of the training pictures, named.
//
// A number is a function of the seed, the epoch, the position in the epoch, what it is for, and an
// index: there is no state to save, any thread can make any sample, and switching one augmentation
// off leaves the numbers of all others as they were.
#pragma once

#include <cstdint>

namespace shrike {

// What a number is for. The values are part of what a seed means: new ones go to the end.
enum class Draw : uint8_t {
  kOrder,      // of the samples of an epoch
  kBatchSize,  // multi-scale
  kPartner,    // other samples of a mosaic
  kMosaic,
  kMosaicCentre,
  kRotation,
  kScale,
  kShear,
  kPerspective,
  kTranslation,
  kMixup,
  kMixupPartner,
  kMixupWeight,
  kCutmix,
  kCutmixPartner,
  kCutmixSize,
  kCutmixPlace,
  kCutmixChoice,
  kGrey,
  kBlur,
  kBlurSize,
  kHsv,
  kFlipUpDown,
  kFlipLeftRight,
  kErasing,
  kErasingSize,
  kErasingAspect,
  kErasingPlace,
};

class Draws {
 public:
  // `scene` tells the pictures apart that are mixed into one sample. Requires 0 <= epoch, position
  // < 2^32 and scene < 256.
  Draws(uint64_t seed, int64_t epoch, int64_t position, uint32_t scene = 0);

  // The draws of another scene of the same sample.
  Draws of_scene(uint32_t scene) const;

  // In [0, 1), a multiple of 2^-53.
  double uniform(Draw what, uint32_t index = 0) const;
  // In [from, to).
  double between(double from, double to, Draw what, uint32_t index = 0) const;
  // 0..count-1, all as likely. Requires count >= 1.
  int64_t below(int64_t count, Draw what, uint32_t index = 0) const;
  // True with `probability`: never at 0, always at 1.
  bool happens(double probability, Draw what) const;
  // Of the distribution Beta(n, n): the n-th smallest of 2n - 1 uniform numbers. 1 <= n <= 64.
  double beta(int n, Draw what) const;

 private:
  uint64_t seed_;
  uint32_t epoch_, position_, scene_;
};

}  // namespace shrike
