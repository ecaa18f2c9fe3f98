// DistillPart: what a teacher says, as a part of an objective.
//
// Of an end-to-end student the one-to-many head is taught, through which gradients reach the
// backbone, by a teacher that finds objects many times; one that finds each once teaches the own
// head, and the backbone by features alone. Where feature maps have other channels than the
// teacher's, a 1x1 convolution stands between ("adapter"). It and the generators of masked features
// are helpers: parameters of the run, in its checkpoints, and no part of the network that is saved.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "passes/training_graph.h"
#include "train/distill_loss.h"
#include "train/distillation.h"
#include "train/parameters.h"

namespace shrike::train {

// "distill.adapter.STRIDE" and "distill.generator.STRIDE.first.weight" are called so.
bool is_helper(std::string_view name);

// Adds the helpers that `distillation` needs: random within 1 / sqrt(what a sum is over), from its
// seed. Errors: those of head_features(). Throws as LibTorch does.
Result<void> add_helpers(Parameters& parameters, const TrainingGraph& training,
                         const Distillation& distillation);

// A Lesson as LibTorch takes it.
struct LessonMaps {
  std::vector<at::Tensor> maps, features;
  int64_t step = 0;  // of the run: masks are drawn by it
};
Result<LessonMaps> maps_of_lesson(Teacher& teacher, const Batch& batch, int64_t step);

class DistillPart {
 public:
  // `parameters` with the helpers. Errors (kUsage): no stride in common.
  static Result<DistillPart> build(const TrainingGraph& training, const Parameters& parameters,
                                   const Distillation& distillation, const LossOptions& options);

  // "distill_class", "distill_box", "distill_feature", "distill_masked": those that weigh
  // something.
  std::vector<std::string> names() const;
  // Of the graph, what operator() reads beside raw maps.
  const std::vector<ValueId>& features() const { return features_; }

  // `outputs`: the head's raw maps, those of the one-to-many head where there is one, features().
  // Throws as LibTorch does.
  LossValue operator()(std::span<const at::Tensor> outputs, const LessonMaps& lesson) const;

 private:
  DistillPart(const Distillation& distillation, const LossOptions& options)
      : distillation_(distillation), options_(options) {}
  // By scale the student's features as the teacher's are, and the teacher's.
  std::vector<std::pair<at::Tensor, at::Tensor>> paired(std::span<const at::Tensor> features,
                                                        const LessonMaps& lesson) const;
  at::Tensor masked_part(const std::vector<std::pair<at::Tensor, at::Tensor>>& scales,
                         int64_t step) const;

  Distillation distillation_;
  LossOptions options_;
  Head student_;
  size_t first_map_ = 0;  // of the taught head, among the outputs
  size_t first_feature_ = 0;
  Pairs scales_;
  std::vector<ValueId> features_;      // one a pair of scales
  std::vector<at::Tensor> adapters_;   // (C_t, C_s, 1, 1), undefined where not needed
  std::vector<Generator> generators_;  // none where nothing is masked
};

}  // namespace shrike::train
