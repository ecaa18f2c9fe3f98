#include "cli/validation_report.h"

#include <ctime>

#include "base/cpu.h"
#include "cli/dataset_option.h"
#include "report/choose.h"
#include "report/number.h"
#include "vision/decode.h"

namespace shrike {

namespace {

namespace fs = std::filesystem;

std::string date_of_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

// "coco128" for coco128/data.yaml, "instances_val" for a COCO file, of VOC the folder's name.
std::string short_name(const Dataset& dataset) {
  const fs::path path = (fs::absolute(dataset.source) / "").lexically_normal().parent_path();
  switch (dataset.format) {
    case DatasetFormat::kYolo:
      return path.parent_path().filename().string();
    case DatasetFormat::kCoco:
      return path.stem().string();
    case DatasetFormat::kVoc:
      return path.filename().string();
  }
  return "";
}

ReportHead head_of(const std::string& title, const ValidationRun& run,
                   const Validation& validation) {
  const Dataset& dataset = run.dataset;
  const DetectOptions& detect = run.options.detect;
  ReportHead head;
  head.title = title;
  head.data = describe(dataset);
  head.date = date_of_now();
  head.machine =
      cpu_name() + ", " + std::to_string(run.threads) + (run.threads == 1 ? " thread" : " threads");
  head.program = std::string("shrike ") + SHRIKE_VERSION;
  head.facts = {{"Pictures", grouped(validation.scored.size())},
                {"Objects", grouped(validation.scores.instances)},
                {"Least confidence", fixed(detect.conf, 3)},
                {"NMS IoU", detect.iou ? fixed(*detect.iou, 2) : "the model's own"},
                {"Most boxes a picture", std::to_string(detect.max_det)},
                {"Arithmetic", run.arithmetic}};
  if (!validation.skipped.empty())
    head.notes.push_back(grouped(validation.skipped.size()) +
                         " pictures could not be read and were not scored; the first: " +
                         validation.skipped.front().reason);
  if (!dataset.findings.empty())
    head.notes.push_back(grouped(dataset.findings.size()) +
                         " findings in the data set (shrike data check lists them); the first: " +
                         finding_text(dataset.findings.front()));
  return head;
}

std::vector<ReportPicture> pictures_of(const ValidationRun& run, const Validation& validation) {
  std::vector<ReportPicture> pictures;
  if (validation.detections.empty()) return pictures;
  ConfusionOptions counted;
  counted.confidence = static_cast<float>(validation.scores.at_best.confidence);
  std::vector<uint32_t> mistakes;
  for (size_t i = 0; i < validation.scored.size(); ++i)
    mistakes.push_back(count_mistakes(validation.detections[i],
                                      run.dataset.samples[validation.scored[i]].truth, counted));
  for (const size_t i : choose_pictures(mistakes, kMostPictures, run.options.seed)) {
    const Sample& sample = run.dataset.samples[validation.scored[i]];
    ReportPicture picture{sample.picture, validation.detections[i], sample.truth};
    std::erase_if(picture.detections,
                  [&](const Detection& d) { return d.confidence < counted.confidence; });
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

// Points are hundredths: "1.20".
std::string points(double difference) { return fixed(difference * 100, 2); }
std::string signed_points(double difference) { return signed_fixed(difference * 100, 2); }

std::string better(const char* which, double by, double low, double high) {
  return std::string(which) + " is better by " + points(by) + " points of mAP 0.50:0.95 (" +
         points(low) + " to " + points(high) + ")";
}

}  // namespace

ReportModel report_model(const std::string& name, const Validation& validation,
                         const SummaryIntervals& intervals) {
  const Timing& speed = validation.speed;
  return {name,
          validation.scores,
          intervals,
          {validation.read_ms, speed.preprocess_ms, speed.inference_ms, speed.postprocess_ms}};
}

ReportData validation_report(const ValidationRun& run, const Validation& validation,
                             ReportModel model, const std::string& network) {
  ReportData data;
  data.head = head_of(model.name + " on " + short_name(run.dataset), run, validation);
  data.head.facts.insert(data.head.facts.begin(), {"Network", network});
  data.model = std::move(model);
  data.names = run.dataset.names;
  data.confusion = validation.confusion;
  data.pictures = pictures_of(run, validation);
  data.read_picture = [](const fs::path& path) { return read_image(path); };
  return data;
}

ComparisonData comparison_report(const ValidationRun& run, const Validation& validation,
                                 ReportModel a, ReportModel b,
                                 const SummaryDifferences& differences) {
  ComparisonData data;
  data.head =
      head_of(a.name + " and " + b.name + " on " + short_name(run.dataset), run, validation);
  data.head.facts.push_back({"Order", "each picture was shown to both models in turn"});
  data.a = std::move(a);
  data.b = std::move(b);
  data.differences = differences;
  data.verdict = comparison_verdict(differences, validation.scored.size());
  data.names = run.dataset.names;
  return data;
}

std::string comparison_verdict(const SummaryDifferences& differences, size_t pictures) {
  const std::optional<PairedDifference>& d = differences.map50_95;
  if (!d) return "nothing to compare: no object counts, or no draws were made";
  const Interval& interval = d->interval95;
  if (interval.low > 0) return better("B", d->difference, interval.low, interval.high);
  if (interval.high < 0) return better("A", -d->difference, -interval.high, -interval.low);
  return "no difference in mAP 0.50:0.95 can be told on " + std::to_string(pictures) +
         " pictures: B - A is " + signed_points(d->difference) + " points (" +
         signed_points(interval.low) + " to " + signed_points(interval.high) + ")";
}

}  // namespace shrike
