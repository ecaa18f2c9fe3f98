#include "validate/tally.h"

#include <algorithm>

namespace shrike {

namespace {

int confusion_classes(const Dataset& dataset) {
  const size_t classes = dataset.names.size();
  return classes <= kMaxConfusionClasses ? static_cast<int>(classes) : 0;
}

}  // namespace

Tally::Tally(const Dataset& dataset, const ConfusionOptions& confusion, bool keep_detections)
    : dataset_(dataset),
      confusion_options_(confusion),
      keep_detections_(keep_detections),
      matches_(dataset.samples.size()),
      detections_(keep_detections ? dataset.samples.size() : 0),
      confusion_(confusion_classes(dataset)) {}

void Tally::add(Sight sight) {
  const std::vector<Truth>& truth = dataset_.samples[sight.sample].truth;
  if (sight.skipped.empty()) matches_[sight.sample] = match_picture(sight.boxes, truth);
  {
    const std::lock_guard lock(mutex_);
    read_ms_ += sight.read_ms;
    if (!sight.skipped.empty()) {
      skipped_.push_back({sight.sample, std::move(sight.skipped)});
      return;
    }
    if (!sight.finite) ++not_finite_;
    total_.preprocess_ms += sight.timing.preprocess_ms;
    total_.inference_ms += sight.timing.inference_ms;
    total_.postprocess_ms += sight.timing.postprocess_ms;
    if (confusion_.classes() > 0) confusion_.add(sight.boxes, truth, confusion_options_);
  }
  if (keep_detections_) detections_[sight.sample] = std::move(sight.boxes);
}

Result<Validation> Tally::finish(int dropped_classes) {
  std::sort(skipped_.begin(), skipped_.end(),
            [](const SkippedPicture& a, const SkippedPicture& b) { return a.sample < b.sample; });
  const size_t samples = dataset_.samples.size();
  if (skipped_.size() == samples)
    return input_error(dataset_.source.string() + ": none of " + std::to_string(samples) +
                       " pictures can be read; the first: " + skipped_.front().reason);
  Validation result;
  auto skipped = skipped_.begin();
  for (size_t i = 0; i < samples; ++i) {
    if (skipped != skipped_.end() && skipped->sample == i) {
      ++skipped;
      continue;
    }
    result.scored.push_back(i);
    result.matches.push_back(std::move(matches_[i]));
    if (keep_detections_) result.detections.push_back(std::move(detections_[i]));
  }
  const auto pictures = static_cast<double>(result.scored.size());
  result.speed = {total_.preprocess_ms / pictures, total_.inference_ms / pictures,
                  total_.postprocess_ms / pictures};
  result.read_ms = read_ms_ / static_cast<double>(samples);
  result.confusion = std::move(confusion_);
  result.dropped_classes = dropped_classes;
  result.skipped = std::move(skipped_);
  result.not_finite = not_finite_;
  result.scores = score(result.matches, static_cast<int>(dataset_.names.size()));
  return result;
}

}  // namespace shrike
