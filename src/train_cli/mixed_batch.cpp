#include "train_cli/mixed_batch.h"

#include <algorithm>
#include <cassert>

namespace shrike {

void mix(const Batch& labelled, const Batch& unlabeled, Batch& mixed) {
  assert(labelled.width == unlabeled.width && labelled.height == unlabeled.height);
  mixed.epoch = labelled.epoch;
  mixed.index = labelled.index;
  mixed.last = labelled.last;
  mixed.width = labelled.width;
  mixed.height = labelled.height;
  mixed.waited = labelled.waited + unlabeled.waited;
  mixed.targets = labelled.targets;
  mixed.samples = labelled.samples;
  // Numbers of another data set, which nobody reads.
  mixed.samples.insert(mixed.samples.end(), unlabeled.samples.begin(), unlabeled.samples.end());
  mixed.pixels.resize(mixed.pictures() * mixed.picture_bytes());
  auto to = mixed.pixels.begin();
  for (const Batch* part : {&labelled, &unlabeled})
    to = std::copy_n(part->pixels.begin(), part->pictures() * part->picture_bytes(), to);
}

}  // namespace shrike
