#include "train/objective.h"

#include <ATen/ATen.h>

#include "train/guard.h"

namespace shrike::train {

Result<Objective> Objective::build(const TrainingGraph& training, const Parameters& parameters,
                                   const LossOptions& options) {
  ModuleOptions wanted{training.head.maps, training.detached};
  if (training.one_to_many)
    wanted.outputs.insert(wanted.outputs.end(), training.one_to_many->maps.begin(),
                          training.one_to_many->maps.end());
  SHRIKE_ASSIGN(Module module, Module::build(training.graph, parameters, wanted));
  Objective objective(std::move(module));
  const auto add = [&](const TrainedHead& head, const std::string& ending) {
    objective.parts_.push_back({make_loss(head.head, options), head.maps.size()});
    for (const std::string& name : objective.parts_.back().loss->names())
      objective.names_.push_back(name + ending);
  };
  add(training.head, training.one_to_many ? ".one" : "");
  if (training.one_to_many) add(*training.one_to_many, "");
  return objective;
}

Result<LossValue> Objective::evaluate(const at::Tensor& pictures, const Targets& targets,
                                      const RunMode& mode) const {
  SHRIKE_ASSIGN(const std::vector<at::Tensor> maps,
                module_.forward(std::span(&pictures, 1), mode));
  return guarded("the loss", [&] {
    LossValue sum;
    std::span<const at::Tensor> rest = maps;
    for (const Part& part : parts_) {
      const LossValue value = (*part.loss)(rest.first(part.maps), targets);
      rest = rest.subspan(part.maps);
      sum.total = sum.total.defined() ? sum.total + value.total : value.total;
      sum.parts.insert(sum.parts.end(), value.parts.begin(), value.parts.end());
    }
    return sum;
  });
}

}  // namespace shrike::train
