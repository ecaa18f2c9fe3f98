// Distillation, as a run asks for it: a teacher, and what its parts weigh beside the labels.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "train/teacher.h"

namespace shrike::train {

// What is minimised: labels * the losses of the labels + response * (class + box) + feature *
// feature
// + masked * masked, all but the first as in distill_loss.h, times the factor that the student's
// family has (loss.h).
struct Distillation {
  std::shared_ptr<Teacher> teacher;
  // Classes that both know: the student's, the teacher's. At least one.
  std::vector<std::pair<int64_t, int64_t>> classes;
  double labels = 1, response = 1, feature = 0, masked = 0;
  double temperature = 1;  // above 0
  uint64_t seed = 0;       // of adapters, generators and masks
};

}  // namespace shrike::train
