#include "train/objective.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "train/guard.h"

namespace shrike::train {

PairWeights pair_weights(int64_t epoch, int64_t epochs) {
  const double done =
      static_cast<double>(epoch) / static_cast<double>(std::max(epochs - 1, int64_t{1}));
  const double many = 0.1 + 0.7 * std::max(1 - done, 0.0);
  return {1 - many, many};
}

void Objective::set_epoch(int64_t epoch, int64_t epochs) {
  if (!shifts_) return;
  const PairWeights weights = pair_weights(epoch, epochs);
  parts_[0].weight = weights.one;
  parts_[1].weight = weights.many;
}

Result<Objective> Objective::build(const TrainingGraph& training, const Parameters& parameters,
                                   const LossOptions& options, const Distillation* distillation) {
  ModuleOptions wanted{training.head.maps, training.detached};
  if (training.one_to_many)
    wanted.outputs.insert(wanted.outputs.end(), training.one_to_many->maps.begin(),
                          training.one_to_many->maps.end());
  std::optional<DistillPart> distill;
  if (distillation) {
    SHRIKE_ASSIGN(distill, DistillPart::build(training, parameters, *distillation, options));
    const std::vector<ValueId>& features = distill->features();
    wanted.outputs.insert(wanted.outputs.end(), features.begin(), features.end());
  }
  SHRIKE_ASSIGN(Module module, Module::build(training.graph, parameters, wanted));
  Objective objective(std::move(module));
  const auto add = [&](const TrainedHead& head, const std::string& ending) {
    objective.parts_.push_back({make_loss(head.head, options), head.maps.size()});
    for (const std::string& name : objective.parts_.back().loss->names())
      objective.names_.push_back(name + ending);
  };
  add(training.head, training.one_to_many ? ".one" : "");
  if (training.one_to_many) add(*training.one_to_many, "");
  objective.shifts_ = training.one_to_many && training.head.head.reg_max == 1;
  if (distill) {
    objective.labels_ = distillation->labels;
    for (const std::string& name : distill->names()) objective.names_.push_back(name);
    objective.distill_ = std::move(distill);
  }
  return objective;
}

Result<LossValue> Objective::evaluate(const at::Tensor& pictures, const Targets& targets,
                                      const LessonMaps& lesson, const RunMode& mode) const {
  SHRIKE_ASSIGN(const std::vector<at::Tensor> maps,
                module_.forward(std::span(&pictures, 1), mode));
  return guarded("the loss", [&] {
    LossValue sum;
    const auto add = [&sum](const LossValue& value, double weight) {
      sum.parts.insert(sum.parts.end(), value.parts.begin(), value.parts.end());
      if (weight == 0) return;
      const at::Tensor total = weight == 1 ? value.total : value.total * weight;
      sum.total = sum.total.defined() ? sum.total + total : total;
    };
    std::vector<at::Tensor> labelled;
    for (const at::Tensor& map : maps)
      labelled.push_back(map.size(0) > targets.batch ? map.narrow(0, 0, targets.batch) : map);
    std::span<const at::Tensor> rest = labelled;
    for (const Part& part : parts_) {
      add((*part.loss)(rest.first(part.maps), targets), labels_ * part.weight);
      rest = rest.subspan(part.maps);
    }
    if (distill_) add((*distill_)(maps, lesson), 1);
    // Backward then does the same on all processes, whatever their pictures show.
    if (mode.sum_over_ranks)
      for (const at::Tensor& map : maps) sum.total = sum.total + at::sum(map) * 0;
    return sum;
  });
}

}  // namespace shrike::train
