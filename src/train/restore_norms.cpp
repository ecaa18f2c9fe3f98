#include "train/restore_norms.h"

#include "passes/insert_batchnorm.h"
#include "train/moments.h"
#include "train/training_batch.h"

namespace shrike::train {

Result<int64_t> restore_norms(TrainingGraph& training, const Preprocess& preprocess,
                              const std::function<Result<const Batch*>()>& next) {
  const std::vector<ValueId> folded = folded_convolutions(training.graph);
  if (folded.empty()) return 0;
  std::optional<Error> failed;
  const auto pictures = [&]() -> std::optional<at::Tensor> {
    const Result<const Batch*> batch = next();
    if (!batch) failed = batch.error();
    if (!batch || !*batch) return std::nullopt;
    return pictures_of(**batch, preprocess);
  };
  const auto moments = measure_moments(training.graph, folded, pictures);
  if (failed) return *failed;
  if (!moments) return moments.error();
  SHRIKE_TRY(insert_batchnorm(training.graph, folded, *moments));
  // Nodes have moved: what the head reads is found anew.
  const Shape size = *training.graph.value(training.graph.inputs[0]).shape;
  SHRIKE_ASSIGN(training, prepare_for_training(trained_graph(training), static_cast<int>(size[2]),
                                               static_cast<int>(size[3])));
  return static_cast<int64_t>(folded.size());
}

}  // namespace shrike::train
