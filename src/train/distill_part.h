// DistillPart: what a teacher says, as a part of an objective.
//
// Of an end-to-end student the one-to-many head is taught, through which gradients reach the
// backbone, by a teacher that finds objects many times; one that finds each once teaches the own
// head, and the backbone by features alone. Where feature maps have other channels than the
// teacher's, a 1x1 convolution stands between ("adapter"): a parameter of the run, in its
// checkpoints, and no part of the network that is saved.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "passes/training_graph.h"
#include "train/distill_loss.h"
#include "train/distillation.h"
#include "train/parameters.h"

namespace shrike::train {

// "distill.adapter.STRIDE" is called so.
bool is_adapter(std::string_view name);

// Adds the adapters that `distillation` needs: random within 1 / sqrt(channels), from its seed.
// Throws as LibTorch does.
void add_adapters(Parameters& parameters, const TrainingGraph& training,
                  const Distillation& distillation);

// A Lesson as LibTorch takes it.
struct LessonMaps {
  std::vector<at::Tensor> maps, features;
};
Result<LessonMaps> maps_of_lesson(Teacher& teacher, const Batch& batch);

class DistillPart {
 public:
  // `parameters` with the adapters. Errors (kUsage): no stride in common.
  static Result<DistillPart> build(const TrainingGraph& training, const Parameters& parameters,
                                   const Distillation& distillation, const LossOptions& options);

  // "distill_class", "distill_box", "distill_feature", those that weigh something.
  std::vector<std::string> names() const;
  // Of the graph, what operator() reads beside raw maps.
  const std::vector<ValueId>& features() const { return features_; }

  // `outputs`: the head's raw maps, those of the one-to-many head where there is one, features().
  // Throws as LibTorch does.
  LossValue operator()(std::span<const at::Tensor> outputs, const LessonMaps& lesson) const;

 private:
  DistillPart(const Distillation& distillation, const LossOptions& options)
      : distillation_(distillation), options_(options) {}
  at::Tensor feature_part(std::span<const at::Tensor> features, const LessonMaps& lesson) const;

  Distillation distillation_;
  LossOptions options_;
  Head student_;
  size_t first_map_ = 0;      // of the taught head, among the outputs
  size_t first_feature_ = 0;
  Pairs scales_;
  std::vector<ValueId> features_;      // one a pair of scales
  std::vector<at::Tensor> adapters_;   // (C_t, C_s, 1, 1), undefined where not needed
};

}  // namespace shrike::train
