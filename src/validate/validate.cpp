#include "validate/validate.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <new>

#include "base/thread_pool.h"
#include "vision/class_name.h"
#include "vision/decode.h"

namespace shrike {

namespace {

// What one detector has found so far.
struct Collected {
  Collected(ClassMap map, const Dataset& dataset, const ValidateOptions& options)
      : classes(std::move(map)),
        detect(options.detect),
        confusion(static_cast<int>(dataset.names.size()) <= kMaxConfusionClasses
                      ? static_cast<int>(dataset.names.size())
                      : 0),
        matches(dataset.samples.size()),
        detections(options.keep_detections ? dataset.samples.size() : 0) {
    detect.classes = classes.wanted();
  }

  ClassMap classes;
  DetectOptions detect;
  ConfusionMatrix confusion;
  Timing total;
  std::vector<PictureMatches> matches;             // by sample
  std::vector<std::vector<Detection>> detections;  // by sample, or none
};

// The numbers of the model's classes become those of the data set's. Files that decode themselves
// may give numbers that the model has no class for: these go.
void translate_classes(std::vector<Detection>& boxes, const ClassMap& map) {
  for (Detection& d : boxes)
    d.class_id = d.class_id < static_cast<int>(map.data_class.size())
                     ? map.data_class[static_cast<size_t>(d.class_id)]
                     : kNoClass;
  std::erase_if(boxes, [](const Detection& d) { return d.class_id == kNoClass; });
}

// A data.yaml without names has what class_name() calls classes without one.
bool names_given(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != class_name({}, static_cast<int>(i))) return true;
  return false;
}

class Run {
 public:
  Run(const Dataset& dataset, const ValidateOptions& options, std::vector<Collected> collected)
      : dataset_(dataset), options_(options), collected_(std::move(collected)) {}

  // Every picture, by as many streams as there are; streams[s] has a detector of each model.
  Result<std::vector<Validation>> run(std::span<const std::span<Detector>> streams);

 private:
  void work(std::span<Detector> detectors);
  Result<void> look_at(size_t index, std::span<Detector> detectors);
  Result<void> take(Collected& into, size_t index, Detections found);
  void picture_done(const Result<void>& outcome);
  Validation finished(Collected& collected) const;

  const Dataset& dataset_;
  const ValidateOptions& options_;

  std::atomic<size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // of all below, except the entries of samples, which are their stream's
  std::vector<Collected> collected_;
  std::vector<SkippedPicture> skipped_;
  std::optional<Error> error_;
  size_t done_ = 0;
  double read_ms_ = 0;
};

void Run::work(std::span<Detector> detectors) {
  for (size_t i = next_++; i < dataset_.samples.size() && !stop_; i = next_++) {
    const Result<void> outcome = [&]() -> Result<void> {
      try {
        return look_at(i, detectors);
      } catch (const std::bad_alloc&) {
        return runtime_error("not enough memory for " + dataset_.samples[i].picture.string());
      }
    }();
    picture_done(outcome);
  }
}

Result<void> Run::look_at(size_t index, std::span<Detector> detectors) {
  const Sample& sample = dataset_.samples[index];
  const auto start = std::chrono::steady_clock::now();
  const Result<Image> image = read_image(sample.picture);
  const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
  if (!image && image.error().kind != ErrorKind::kInput) return image.error();
  {
    const std::lock_guard lock(mutex_);
    read_ms_ += passed.count();
    if (!image) skipped_.push_back({index, image.error().message});
  }
  if (!image) return {};
  for (size_t d = 0; d < detectors.size(); ++d) {
    Result<Detections> found = detectors[d].detect(*image, collected_[d].detect);
    if (!found) return in_context(sample.picture.string(), found.error());
    SHRIKE_TRY(take(collected_[d], index, *std::move(found)));
  }
  return {};
}

Result<void> Run::take(Collected& into, size_t index, Detections found) {
  translate_classes(found.boxes, into.classes);
  const std::vector<Truth>& truth = dataset_.samples[index].truth;
  into.matches[index] = match_picture(found.boxes, truth);
  {
    const std::lock_guard lock(mutex_);
    into.total.preprocess_ms += found.timing.preprocess_ms;
    into.total.inference_ms += found.timing.inference_ms;
    into.total.postprocess_ms += found.timing.postprocess_ms;
    if (into.confusion.classes() > 0) into.confusion.add(found.boxes, truth, options_.confusion);
  }
  if (options_.keep_detections) into.detections[index] = std::move(found.boxes);
  return {};
}

void Run::picture_done(const Result<void>& outcome) {
  const std::lock_guard lock(mutex_);
  ++done_;
  if (!outcome && !error_) error_ = outcome.error();
  if (outcome && options_.progress && !error_ && !options_.progress(done_, dataset_.samples.size()))
    error_ = runtime_error("ended early");
  if (error_) stop_ = true;
}

// Moves what was collected out; skipped samples go.
Validation Run::finished(Collected& collected) const {
  Validation result;
  auto skipped = skipped_.begin();
  for (size_t i = 0; i < dataset_.samples.size(); ++i) {
    if (skipped != skipped_.end() && skipped->sample == i) {
      ++skipped;
      continue;
    }
    result.scored.push_back(i);
    result.matches.push_back(std::move(collected.matches[i]));
    if (options_.keep_detections) result.detections.push_back(std::move(collected.detections[i]));
  }
  const auto pictures = static_cast<double>(result.scored.size());
  result.speed = {collected.total.preprocess_ms / pictures, collected.total.inference_ms / pictures,
                  collected.total.postprocess_ms / pictures};
  result.read_ms = read_ms_ / static_cast<double>(dataset_.samples.size());
  result.confusion = std::move(collected.confusion);
  result.dropped_classes = collected.classes.dropped;
  result.skipped = skipped_;
  result.scores = score(result.matches, static_cast<int>(dataset_.names.size()));
  return result;
}

Result<std::vector<Validation>> Run::run(std::span<const std::span<Detector>> streams) {
  ThreadPool pool(static_cast<int>(streams.size()));
  pool.parallel_for(static_cast<int64_t>(streams.size()),
                    [&](int64_t s, int) { work(streams[static_cast<size_t>(s)]); });
  if (error_) return *error_;
  std::sort(skipped_.begin(), skipped_.end(),
            [](const SkippedPicture& a, const SkippedPicture& b) { return a.sample < b.sample; });
  if (skipped_.size() == dataset_.samples.size())
    return input_error(dataset_.source.string() + ": none of " + std::to_string(skipped_.size()) +
                       " pictures can be read; the first: " + skipped_.front().reason);
  std::vector<Validation> results;
  for (Collected& collected : collected_) results.push_back(finished(collected));
  return results;
}

}  // namespace

DetectOptions validation_detect_options() {
  DetectOptions options;
  options.conf = 0.001f;
  options.max_det = 300;
  options.multi_label = true;
  return options;
}

Result<std::vector<Validation>> validate(std::span<Detector> detectors, const Dataset& dataset,
                                         const ValidateOptions& options) {
  if (dataset.samples.empty()) return input_error(dataset.source.string() + ": no pictures");
  std::vector<Collected> collected;
  for (const Detector& detector : detectors) {
    Result<ClassMap> map =
        match_classes({detector.names(), detector.names_known()},
                      {dataset.names, names_given(dataset.names)}, options.classes);
    if (!map) return in_context(dataset.source.string(), map.error());
    collected.emplace_back(*std::move(map), dataset, options);
  }
  // No more streams than pictures. The first one is the caller's detectors.
  const size_t extra = std::min<size_t>(std::max(options.streams, 1), dataset.samples.size()) - 1;
  std::vector<std::vector<Detector>> more(extra);
  std::vector<std::span<Detector>> streams = {detectors};
  for (std::vector<Detector>& stream : more) {
    for (const Detector& detector : detectors) {
      SHRIKE_ASSIGN(Detector another, Detector::another(detector));
      stream.push_back(std::move(another));
    }
    streams.emplace_back(stream);
  }
  return Run(dataset, options, std::move(collected)).run(streams);
}

Result<Validation> validate(Detector& detector, const Dataset& dataset,
                            const ValidateOptions& options) {
  SHRIKE_ASSIGN(std::vector<Validation> results,
                validate(std::span(&detector, 1), dataset, options));
  return std::move(results.front());
}

}  // namespace shrike
