// Objective: the network at one input size and the losses of its heads: from a batch to the number
// that is made small.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "passes/training_graph.h"
#include "train/distill_part.h"
#include "train/loss.h"
#include "train/module.h"

namespace shrike::train {

class Objective {
 public:
  // Of an end-to-end network both heads' losses, added (passes/one_to_many.h); with `distillation`
  // (distillation.h) times its weight of labels, and what the teacher says. Null: there is none.
  static Result<Objective> build(const TrainingGraph& training, const Parameters& parameters,
                                 const LossOptions& options,
                                 const Distillation* distillation = nullptr);

  // Of the parts; those of the head that is told to find each object once end in ".one".
  const std::vector<std::string>& names() const { return names_; }

  void set_last_epochs(bool last) {
    for (const Part& part : parts_) part.loss->set_last_epochs(last);
  }

  // `targets`: of the first targets.batch pictures; those behind them are for the teacher alone.
  // `lesson`: the teacher's on the same pictures, if there is one. With mode.sum_over_ranks, which
  // must be that of the options, the losses of labels are this process's part of what they are of
  // all batches together. Errors (kRuntime): what LibTorch says.
  Result<LossValue> evaluate(const at::Tensor& pictures, const Targets& targets,
                             const LessonMaps& lesson, const RunMode& mode) const;

 private:
  explicit Objective(Module module) : module_(std::move(module)) {}

  struct Part {
    std::unique_ptr<Loss> loss;
    size_t maps = 0;  // of the module's outputs, in order
  };
  Module module_;
  std::vector<Part> parts_;
  std::optional<DistillPart> distill_;  // reads the outputs of all parts, and those behind them
  double labels_ = 1;                   // what their losses weigh
  std::vector<std::string> names_;
};

}  // namespace shrike::train
