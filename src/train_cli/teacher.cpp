#include "train_cli/teacher.h"

#include <algorithm>

#include "base/excerpt.h"
#include "cli/model_option.h"
#include "cli/terminal.h"
#include "detect/names.h"
#include "ir/finite_weights.h"
#include "validate/class_map.h"

namespace shrike {

namespace {

Result<std::vector<std::pair<int64_t, int64_t>>> class_pairs(const ClassNames& teacher,
                                                             const std::vector<std::string>& data) {
  SHRIKE_ASSIGN(const ClassMap map, shared_classes({teacher.names, teacher.known}, {data}));
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t c = 0; c < map.data_class.size(); ++c)
    if (map.data_class[c] != kNoClass)
      pairs.emplace_back(map.data_class[c], static_cast<int64_t>(c));
  return pairs;
}

// The classes that the teacher has no name for, where there are any.
void tell_untaught(const std::string& source, const train::Distillation& distillation,
                   const std::vector<std::string>& classes) {
  std::string names;
  size_t untaught = 0;
  for (size_t c = 0; c < classes.size(); ++c) {
    const bool taught = std::any_of(distillation.classes.begin(), distillation.classes.end(),
                                    [&](const auto& pair) { return pair.first == int64_t(c); });
    if (!taught) names += (untaught++ > 0 ? ", " : "") + classes[c];
  }
  if (untaught == 0) return;
  say("--teacher " + printable(source) + ": it has no class for " + std::to_string(untaught) +
      " of the " + std::to_string(classes.size()) + " of the data set (" + excerpt(names) + "): " +
      (distillation.labels > 0 ? "their scores are learned from labels alone"
                               : "nothing teaches their scores, as --labels is 0"));
}

Result<train::Distillation> prepared(const TrainOptions& options, LoadedModel model,
                                     const StartingNetwork& student,
                                     const std::vector<std::string>& classes, int threads) {
  SHRIKE_TRY(check_finite_weights(model.graph));
  const TrainingGraph& own = student.training;
  const Shape& input = *own.graph.value(own.graph.inputs[0]).shape;
  SHRIKE_ASSIGN(const TrainingGraph teacher,
                prepare_for_training(std::move(model.graph), static_cast<int>(input[2]),
                                     static_cast<int>(input[3])));
  const Head& head = teacher.head.head;
  SHRIKE_ASSIGN(const ClassNames names, class_names(teacher.graph, head.num_classes, model.names));
  train::Distillation distillation;
  SHRIKE_ASSIGN(distillation.classes, class_pairs(names, classes));
  if (options.labels == 0 && own.one_to_many && head.max_det == 0)
    return usage_error(
        "an end-to-end model learns from labels to find each object once, or from an end-to-end "
        "teacher: --labels must be above 0");
  SHRIKE_ASSIGN(train::Teacher made,
                train::Teacher::create(trained_graph(teacher), preprocess_of(teacher), threads,
                                       options.distill_feature > 0 || options.distill_masked > 0));
  distillation.teacher = std::make_shared<train::Teacher>(std::move(made));
  distillation.labels = options.labels;
  distillation.response = options.distill_response;
  distillation.feature = options.distill_feature;
  distillation.masked = options.distill_masked;
  distillation.temperature = options.temperature;
  distillation.seed = options.seed;
  return distillation;
}

}  // namespace

Result<train::Distillation> open_teacher(const TrainOptions& options,
                                         const StartingNetwork& student,
                                         const std::vector<std::string>& classes, int threads) {
  Result<LoadedModel> model = load_model_option({options.teacher, ""});
  if (!model) return in_context("--teacher", model.error());
  const std::string source = model->source;
  auto distillation = prepared(options, *std::move(model), student, classes, threads);
  if (!distillation) return in_context("--teacher " + source, distillation.error());
  tell_untaught(source, *distillation, classes);
  return distillation;
}

}  // namespace shrike
