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

// What the head that finds each object once weighs, and its one-to-many copy: 0.2 and 0.8 in the
// first epoch, 0.9 and 0.1 in the last, on a line between (Ultralytics 8.4 for YOLO26).
struct PairWeights {
  double one, many;
};
PairWeights pair_weights(int64_t epoch, int64_t epochs);

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
  // Before the steps of an epoch, from 0: YOLO26's two heads count as pair_weights() says, all
  // others 1.
  void set_epoch(int64_t epoch, int64_t epochs);

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
    double weight = 1;
  };
  Module module_;
  std::vector<Part> parts_;
  std::optional<DistillPart> distill_;  // reads the outputs of all parts, and those behind them
  double labels_ = 1;                   // what their losses weigh
  bool shifts_ = false;                 // from the copy to the head, epoch by epoch
  std::vector<std::string> names_;
};

}  // namespace shrike::train
