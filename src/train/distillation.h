// Distillation, as a run asks for it: a teacher, and what its parts weigh beside the labels.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "train/teacher.h"

namespace shrike::train {

// What is minimised: labels * n * (the losses of the labels) + N * (response * (class + box) +
// feature * feature + masked * masked), the parts of the teacher as in distill_loss.h; n the
// pictures with labels, N all of the batch, both 1 where the student's family has it so (loss.h:
// YOLOX).
struct Distillation {
  std::shared_ptr<Teacher> teacher;
  // Classes that both know: the student's, the teacher's. At least one.
  std::vector<std::pair<int64_t, int64_t>> classes;
  double labels = 1, response = 1, feature = 0, masked = 0;
  double temperature = 1;  // above 0
  uint64_t seed = 0;       // of adapters, generators and masks
};

}  // namespace shrike::train
