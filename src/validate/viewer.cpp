#include "validate/viewer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <new>
#include <optional>

#include "base/thread_pool.h"
#include "vision/class_name.h"
#include "vision/decode.h"

namespace shrike {

namespace {

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

}  // namespace

// One call of look().
class Viewer::Run {
 public:
  Run(const Viewer& viewer, std::span<const size_t> samples, const Take& take,
      const Progress& progress)
      : viewer_(viewer), samples_(samples), take_(take), progress_(progress) {}

  // A stream, until there are no more pictures.
  void work(std::span<Detector> detectors) {
    for (size_t i = next_++; i < samples_.size() && !stop_; i = next_++) {
      const Sample& sample = viewer_.dataset_->samples[samples_[i]];
      const Result<void> outcome = [&]() -> Result<void> {
        try {
          return look_at(samples_[i], detectors);
        } catch (const std::bad_alloc&) {
          return runtime_error("not enough memory for " + sample.picture.string());
        }
      }();
      picture_done(outcome);
    }
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  Result<void> look_at(size_t index, std::span<Detector> detectors) {
    const Sample& sample = viewer_.dataset_->samples[index];
    const auto start = std::chrono::steady_clock::now();
    const Result<Image> image = read_image(sample.picture);
    const std::chrono::duration<double, std::milli> passed =
        std::chrono::steady_clock::now() - start;
    if (!image && image.error().kind != ErrorKind::kInput) return image.error();
    for (size_t d = 0; d < detectors.size(); ++d) {
      Sight sight{index, {}, {}, passed.count(), image ? "" : image.error().message};
      if (image) {
        Result<Detections> found = detectors[d].detect(*image, viewer_.options_[d]);
        if (!found) return in_context(sample.picture.string(), found.error());
        sight.boxes = std::move(found->boxes);
        sight.finite = found->finite;
        sight.timing = found->timing;
        translate_classes(sight.boxes, viewer_.classes_[d]);
      }
      SHRIKE_TRY(take_(d, std::move(sight)));
    }
    return {};
  }

  void picture_done(const Result<void>& outcome) {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (!outcome && !error_) error_ = outcome.error();
    if (outcome && progress_ && !error_ && !progress_(done_)) error_ = runtime_error("ended early");
    if (error_) stop_ = true;
  }

  const Viewer& viewer_;
  std::span<const size_t> samples_;
  const Take& take_;
  const Progress& progress_;

  std::atomic<size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // of all below
  std::optional<Error> error_;
  size_t done_ = 0;
};

DetectOptions validation_detect_options() {
  DetectOptions options;
  options.conf = 0.001f;
  options.max_det = 300;
  options.multi_label = true;
  return options;
}

Result<Viewer> Viewer::create(std::span<Detector> detectors, const Dataset& dataset,
                              const ViewOptions& options) {
  Viewer viewer(detectors, dataset);
  for (const Detector& detector : detectors) {
    Result<ClassMap> map =
        match_classes({detector.names(), detector.names_known()},
                      {dataset.names, names_given(dataset.names)}, options.classes);
    if (!map) return in_context(dataset.source.string(), map.error());
    DetectOptions detect = options.detect;
    detect.classes = map->wanted();
    viewer.classes_.push_back(*std::move(map));
    viewer.options_.push_back(std::move(detect));
  }
  // No more streams than pictures. The first one is the caller's detectors.
  const size_t most = std::max<size_t>(dataset.samples.size(), 1);
  const size_t streams = std::min(static_cast<size_t>(std::max(options.streams, 1)), most);
  viewer.more_.resize(streams - 1);
  for (std::vector<Detector>& stream : viewer.more_)
    for (const Detector& detector : detectors) {
      SHRIKE_ASSIGN(Detector another, Detector::another(detector));
      stream.push_back(std::move(another));
    }
  return viewer;
}

Result<void> Viewer::look(std::span<const size_t> samples, const Take& take,
                          const Progress& progress) {
  std::vector<std::span<Detector>> streams = {detectors_};
  for (std::vector<Detector>& stream : more_) streams.emplace_back(stream);
  Run run(*this, samples, take, progress);
  ThreadPool pool(static_cast<int>(streams.size()));
  pool.parallel_for(static_cast<int64_t>(streams.size()),
                    [&](int64_t s, int) { run.work(streams[static_cast<size_t>(s)]); });
  if (run.error()) return *run.error();
  return {};
}

}  // namespace shrike
