#include "train_cli/judge.h"

#include "cli/interrupt.h"
#include "cli/validation_options.h"

namespace shrike {

Result<Detector> judged_detector(Graph network) {
  LoadOptions load;
  load.threads = 1;
  return Detector::create(std::move(network), "the network in training", load);
}

Result<Validation> judge(Graph network, const Dataset& dataset, int threads,
                         bool keep_detections) {
  SHRIKE_ASSIGN(Detector detector, judged_detector(std::move(network)));
  ValidateOptions options = validate_options(ValidationOptions{}, threads, keep_detections);
  options.progress = [](size_t, size_t) { return interrupted() == 0; };
  return validate(detector, dataset, options);
}

double fitness(const Scores& scores) { return scores.summary.map50_95.value_or(0); }

}  // namespace shrike
