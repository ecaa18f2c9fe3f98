#include "cli/val_parts.h"

#include <algorithm>

#include "base/excerpt.h"
#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "validate/parts.h"
#include "vision/decode.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

// Their names and sizes: the folder may lie elsewhere on another host.
std::string digest_of_pictures(const Dataset& dataset) {
  std::string text;
  for (const Sample& sample : dataset.samples)
    text += std::to_string(sample.id) + ' ' + std::to_string(sample.width) + ' ' +
            std::to_string(sample.height) + ' ' + sample.picture.filename().string() + '\n';
  return digest(text);
}

// All that what a detector says of a picture depends on.
Result<Json> identity(const Detector& detector, const Dataset& dataset, const PartsRun& run) {
  SHRIKE_ASSIGN(const std::string model, digest_of_model(run.model_files));
  const DetectorOptions& d = run.detector;
  const DetectOptions& boxes = run.validation.detect;
  return Json{{"shrike", SHRIKE_VERSION},
              {"model", model},
              {"pictures", digest_of_pictures(dataset)},
              {"classes", dataset.names},
              {"by_index", run.validation.classes_by_index},
              {"imgsz", d.size},
              {"conf", json_number(boxes.conf)},
              {"iou", boxes.iou ? json_number(*boxes.iou) : Json(nullptr)},
              {"max_det", boxes.max_det},
              {"max_pixels", pixel_limit()},
              {"layout", d.layout},
              {"preprocess", d.preprocess},
              {"names", detector.names()},
              {"precision", d.precision},
              {"tune", d.tune},
              {"memory_limit", d.memory_limit}};
}

// The parts of one validation, as this process sees them.
class PartsWork {
 public:
  PartsWork(Viewer& viewer, const Dataset& dataset, Parts parts)
      : viewer_(viewer), dataset_(dataset), parts_(std::move(parts)) {}

  // Of `blocks`, those that no sound part is there of; `once_more`: and those with a picture that
  // could not be read, which may have been mended since.
  Result<std::vector<size_t>> missing(const std::vector<size_t>& blocks, bool once_more = false) {
    std::vector<size_t> missing;
    for (const size_t block : blocks) {
      SHRIKE_ASSIGN(const Part part, parts_.read(block));
      if (!part.sights || (once_more && any_skipped(*part.sights))) missing.push_back(block);
      if (!part.damage.empty()) say(printable(part.damage) + ": made again");
    }
    return missing;
  }

  Result<void> look_at(const std::vector<size_t>& blocks, ProgressBar& bar) {
    std::vector<size_t> samples;
    for (const size_t block : blocks) {
      const std::vector<size_t> more = parts_.samples_of(block);
      samples.insert(samples.end(), more.begin(), more.end());
    }
    PartWriter writer(parts_);
    const size_t before = done_;
    const Result<void> looked = viewer_.look(
        samples, [&](size_t, Sight sight) { return writer.take(std::move(sight)); },
        [&](size_t done) {
          bar.set(done_ = before + done);
          return interrupted() == 0;
        });
    return looked;
  }

  // A few blocks at a time, so that what others finish meanwhile is not done again.
  Result<void> look_at_the_rest(ProgressBar& bar, size_t streams) {
    while (true) {
      SHRIKE_ASSIGN(std::vector<size_t> left, missing(all()));
      if (left.empty()) return {};
      std::reverse(left.begin(), left.end());
      left.resize(std::min(left.size(), streams));
      SHRIKE_TRY(look_at(left, bar));
    }
  }

  Result<Validation> scored(const ValidateOptions& options) {
    Tally tally(dataset_, options.confusion, options.keep_detections);
    for (const size_t block : all()) {
      SHRIKE_ASSIGN(Part part, parts_.read(block));
      if (!part.sights) return runtime_error("a part of the validation has gone: start again");
      for (Sight& sight : *part.sights) tally.add(std::move(sight));
    }
    return tally.finish(viewer_.dropped_classes(0));
  }

  std::vector<size_t> all() const { return share_of({}); }
  std::vector<size_t> share_of(const Shard& shard) const {
    return parts_.share(shard.index, shard.count);
  }
  size_t pictures(const std::vector<size_t>& blocks) const {
    size_t pictures = 0;
    for (const size_t block : blocks) pictures += parts_.samples_of(block).size();
    return pictures;
  }

 private:
  static bool any_skipped(const std::vector<Sight>& sights) {
    return std::any_of(sights.begin(), sights.end(),
                       [](const Sight& sight) { return !sight.skipped.empty(); });
  }

  Viewer& viewer_;
  const Dataset& dataset_;
  Parts parts_;
  size_t done_ = 0;  // pictures
};

}  // namespace

Result<PartsOutcome> validate_in_parts(Detector& detector, const Dataset& dataset,
                                       const PartsRun& run) {
  SHRIKE_ASSIGN(const WorkShare own, work_share(run.parts));
  const ValidateOptions options = validate_options(run.validation, run.streams, run.keep_detections);
  if (dataset.samples.empty()) return input_error(dataset.source.string() + ": no pictures");
  SHRIKE_ASSIGN(Json same, identity(detector, dataset, run));
  SHRIKE_ASSIGN(Viewer viewer, Viewer::create(std::span(&detector, 1), dataset, options.view));
  PartsWork work(viewer, dataset,
                 Parts(run.parts.folder, std::move(same), dataset.samples.size(),
                       static_cast<int>(dataset.names.size())));

  const std::vector<size_t> share = work.share_of(own.shard);
  SHRIKE_ASSIGN(const std::vector<size_t> mine, work.missing(share, true));
  PartsOutcome outcome;
  {
    ProgressBar bar(work.pictures(mine), true);
    SHRIKE_TRY(work.look_at(mine, bar));
    if (own.tells) SHRIKE_TRY(work.look_at_the_rest(bar, static_cast<size_t>(run.streams)));
  }
  if (own.tells) {
    SHRIKE_ASSIGN(outcome.whole, work.scored(options));
    tell_skipped(*outcome.whole);
  } else {
    SHRIKE_ASSIGN(const std::vector<size_t> left, work.missing(work.all()));
    outcome.share = {own.shard, work.pictures(share), work.pictures(left)};
  }
  return outcome;
}

}  // namespace shrike
