#include "cli/change_judge.h"

#include <algorithm>

#include "cli/interrupt.h"

namespace shrike {

namespace {

// Of a model's own detections, those that are taken for the truth.
constexpr float kTruthConfidence = 0.25f;

bool has_truth(const Dataset& dataset) {
  return std::any_of(dataset.samples.begin(), dataset.samples.end(),
                     [](const Sample& sample) { return !sample.truth.empty(); });
}

// What was found becomes the truth.
void label(Dataset& dataset, const Validation& found) {
  for (size_t i = 0; i < found.scored.size(); ++i)
    for (const Detection& d : found.detections[i]) {
      if (d.confidence < kTruthConfidence) continue;
      const double x = d.box.x1, y = d.box.y1, width = d.box.x2 - d.box.x1,
                   height = d.box.y2 - d.box.y1;
      dataset.samples[found.scored[i]].truth.push_back(
          {x, y, width, height, width * height, d.class_id});
    }
}

}  // namespace

double points_lost(const Judgement& judgement) {
  return judgement.before && judgement.after ? 100 * (*judgement.before - *judgement.after) : 0;
}

Result<ChangeJudge> ChangeJudge::create(Graph floats, std::string source, Dataset dataset,
                                            const ValidationOptions& options, int threads) {
  ChangeJudge judge;
  judge.floats_ = std::move(floats);
  judge.source_ = std::move(source);
  judge.dataset_ = std::move(dataset);
  judge.options_ = options;
  judge.threads_ = threads;
  judge.own_truth_ = !has_truth(judge.dataset_);
  SHRIKE_ASSIGN(Detector detector, judge.detector(judge.floats_));
  SHRIKE_TRY(Viewer::create(std::span(&detector, 1), judge.dataset_,
                            validate_options(options, 1, false).view));
  if (!judge.own_truth_) return judge;
  SHRIKE_ASSIGN(
      const std::vector<Validation> found,
      validate_shown(std::span(&detector, 1), judge.dataset_, judge.options_, threads, true));
  label(judge.dataset_, found[0]);
  return judge;
}

bool ChangeJudge::has_objects() const { return has_truth(dataset_); }

Result<Detector> ChangeJudge::detector(const Graph& graph) const {
  LoadOptions load;
  load.threads = 1;
  return Detector::create(graph, source_, load);
}

Result<Judgement> ChangeJudge::judge(const Graph& changed) const {
  std::vector<Detector> detectors;
  for (const Graph* graph : {&floats_, &changed}) {
    SHRIKE_ASSIGN(Detector one, detector(*graph));
    detectors.push_back(std::move(one));
  }
  SHRIKE_ASSIGN(const std::vector<Validation> found,
                validate_shown(detectors, dataset_, options_, threads_, false));
  const Validation &before = found[0], &after = found[1];
  Judgement result;
  result.pictures = before.scored.size();
  result.before = before.scores.summary.map50_95;
  result.after = after.scores.summary.map50_95;
  result.ms_before = before.speed.inference_ms;
  result.ms_after = after.speed.inference_ms;
  if (options_.draws > 0)
    result.difference =
        compare(before.matches, after.matches, static_cast<int>(dataset_.names.size()),
                bootstrap_options(options_, threads_))
            .map50_95;
  return result;
}

Result<double> ChangeJudge::lost(const Graph& changed) {
  ValidateOptions options = validate_options(options_, threads_, false);
  options.progress = [](size_t, size_t) { return interrupted() == 0; };
  const auto score = [&](const Graph& graph) -> Result<std::optional<double>> {
    SHRIKE_ASSIGN(Detector one, detector(graph));
    SHRIKE_ASSIGN(const Validation found, validate(one, dataset_, options));
    return found.scores.summary.map50_95;
  };
  if (!looked_) {
    SHRIKE_ASSIGN(before_, score(floats_));
    looked_ = true;
  }
  SHRIKE_ASSIGN(const std::optional<double> after, score(changed));
  return before_ && after ? 100 * (*before_ - *after) : 0;
}

}  // namespace shrike
