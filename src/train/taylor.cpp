#include "train/taylor.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "train/guard.h"
#include "train/objective.h"
#include "train/training_batch.h"

namespace shrike::train {

namespace {

// A layer's tensors, and the axis of its weights along which filters lie.
struct Layer {
  std::string name;
  at::Tensor weights, bias;  // the latter may be undefined
  int64_t axis = 0;
};

// -1: filters of this node do not lie along one axis.
int64_t filter_axis(const Op& op) {
  if (std::holds_alternative<Conv>(op)) return 0;
  if (const auto* conv = std::get_if<ConvTranspose>(&op)) return conv->group == 1 ? 1 : -1;
  if (const auto* gemm = std::get_if<Gemm>(&op)) return gemm->trans_b != 0 ? 0 : 1;
  return -1;
}

std::vector<Layer> layers_of(const Graph& graph, const Parameters& parameters) {
  std::vector<Layer> layers;
  const auto tensor_of = [&](const Node& node, size_t input) {
    if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return at::Tensor();
    const Parameter* found = parameters.find(graph.value(node.inputs[input]).name);
    return found ? found->tensor : at::Tensor();
  };
  for (const Node& node : graph.nodes) {
    const bool product = std::holds_alternative<MatMul>(node.op);
    const int64_t axis = filter_axis(node.op);
    if (!product && axis < 0) continue;
    const at::Tensor weights = tensor_of(node, 1);
    if (!weights.defined()) continue;
    // The gradient of weights that two nodes share is of both.
    const std::string& name = graph.value(node.inputs[1]).name;
    if (std::any_of(layers.begin(), layers.end(), [&](const Layer& l) { return l.name == name; }))
      continue;
    layers.push_back({name, weights,
                      product ? at::Tensor() : tensor_of(node, 2),
                      product ? weights.dim() - 1 : axis});
  }
  return layers;
}

// |sum of y dL/dy| of each filter, from the gradients that lie there.
at::Tensor first_order(const Layer& layer) {
  const at::Tensor product = (layer.weights * layer.weights.grad()).detach();
  at::Tensor sums = product.transpose(0, layer.axis).flatten(1).sum(1);
  if (layer.bias.defined() && layer.bias.grad().defined())
    sums = sums + (layer.bias * layer.bias.grad()).detach();
  return at::abs(sums).to(at::kDouble);
}

void add_to(std::vector<double>& scores, const at::Tensor& values) {
  const at::Tensor flat = values.contiguous();
  scores.resize(static_cast<size_t>(flat.numel()));
  for (size_t i = 0; i < scores.size(); ++i) scores[i] += flat.data_ptr<double>()[i];
}

// The batch's objects of one picture.
Targets targets_of_picture(const Targets& all, int64_t picture) {
  const at::Tensor own = at::nonzero(all.pictures == picture).flatten();
  return {1, at::zeros({own.numel()}, at::kLong), all.classes.index_select(0, own),
          all.boxes.index_select(0, own)};
}

class Measuring {
 public:
  Measuring(const TrainingGraph& training, Parameters& parameters, const Objective& objective)
      : parameters_(parameters),
        objective_(objective),
        layers_(layers_of(training.graph, parameters)) {}

  Result<void> look(const Batch& batch, const Preprocess& preprocess) {
    const at::Tensor pictures = pictures_of(batch, preprocess);
    const Targets targets = targets_of(batch);
    for (int64_t i = 0; i < pictures.size(0); ++i) {
      for (Parameter& parameter : parameters_.all()) parameter.tensor.mutable_grad() = at::Tensor();
      SHRIKE_ASSIGN(const LossValue loss,
                    objective_.evaluate(pictures.narrow(0, i, 1), targets_of_picture(targets, i),
                                        {}, RunMode{false}));
      if (!std::isfinite(loss.total.item<double>()))
        return runtime_error("the loss of a picture is not finite");
      loss.total.backward();
      for (const Layer& layer : layers_)
        if (layer.weights.grad().defined()) add_to(scores_[layer.name], first_order(layer));
      ++pictures_;
    }
    return {};
  }

  Result<TaylorScores> result() {
    if (pictures_ == 0) return input_error("no picture to tell by what filters are worth");
    for (auto& [name, scores] : scores_)
      for (double& score : scores) score /= static_cast<double>(pictures_);
    return std::move(scores_);
  }

 private:
  Parameters& parameters_;
  const Objective& objective_;
  const std::vector<Layer> layers_;
  TaylorScores scores_;
  int64_t pictures_ = 0;
};

}  // namespace

Result<TaylorScores> taylor_scores(const TrainingGraph& training, const Preprocess& preprocess,
                                   const std::function<Result<const Batch*>()>& next) {
  return guarded("telling what filters are worth", [&]() -> Result<TaylorScores> {
    SHRIKE_ASSIGN(Parameters parameters, Parameters::of(training.graph));
    SHRIKE_ASSIGN(const Objective objective, Objective::build(training, parameters, {}));
    Measuring measuring(training, parameters, objective);
    while (true) {
      SHRIKE_ASSIGN(const Batch* const batch, next());
      if (!batch) return measuring.result();
      SHRIKE_TRY(measuring.look(*batch, preprocess));
    }
  });
}

}  // namespace shrike::train
