#include <algorithm>
#include <set>

#include "base/excerpt.h"
#include "base/file.h"
#include "data/picture_list.h"
#include "data/readers.h"
#include "data/sample_list.h"
#include "data/yolo_labels.h"
#include "data/yolo_settings.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxLabelBytes = size_t{16} << 20;
constexpr const char* kUsualSplits[] = {"train", "val", "test"};

// In the order named; one that is named again is a finding.
Result<std::vector<fs::path>> pictures_of_split(const YoloSettings& settings, Dataset& dataset) {
  const std::string where = dataset.source.string() + ": " + dataset.split;
  const auto entries = settings.splits.find(dataset.split);
  if (entries == settings.splits.end()) {
    std::string known;
    for (const auto& [name, unused] : settings.splits)
      if (std::find(std::begin(kUsualSplits), std::end(kUsualSplits), name) !=
          std::end(kUsualSplits))
        known += (known.empty() ? "" : ", ") + name;
    return input_error(dataset.source.string() + ": no split " + dataset.split +
                       (known.empty() ? "" : "; there are " + known));
  }
  constexpr size_t kMostTold = 100;
  std::vector<fs::path> pictures;
  std::set<fs::path> seen;
  size_t more = 0;  // duplicates that are not told one by one
  for (const std::string& entry : entries->second) {
    const auto some = list_pictures(settings.base, meant_entry(settings, entry), dataset.files);
    if (!some) return in_context(where, some.error());
    for (const fs::path& picture : *some) {
      if (seen.insert(picture).second)
        pictures.push_back(picture);
      else if (dataset.findings.size() < kMostTold)
        dataset.findings.push_back({FindingKind::kDuplicatePicture, picture, 0, ""});
      else
        ++more;
    }
  }
  if (more > 0)
    dataset.findings.push_back({FindingKind::kDuplicatePicture, dataset.source, 0,
                                "and " + std::to_string(more) + " more like these", more});
  if (pictures.empty()) {
    std::string places;
    for (const std::string& entry : entries->second)
      places += (places.empty() ? "" : ", ") + (settings.base / entry).lexically_normal().string();
    return input_error(where + ": no pictures in " + excerpt(places));
  }
  return pictures;
}

Result<LoadedSample> load(const fs::path& picture, int64_t id, size_t classes) {
  LoadedSample loaded;
  SHRIKE_ASSIGN(const std::optional<PictureSize> size, size_of_picture(picture, loaded.findings));
  if (!size) return loaded;
  Sample sample{picture, id, size->width, size->height, {}};
  const fs::path label = yolo_label_path(picture);
  const auto text = read_text(label, ErrorKind::kInput, kMaxLabelBytes);
  std::error_code error;
  if (fs::exists(label, error)) loaded.labels = label;
  if (text) {
    FindingList findings(label);
    sample.truth = checked_truth(parse_yolo_labels(*text, *size, classes, findings), *size,
                                 RepeatedRows::kDrop, findings);
    loaded.findings = findings.take();
  } else if (text.error().kind == ErrorKind::kRuntime) {
    return text.error();
  } else if (fs::exists(label, error) || error) {
    loaded.findings.push_back(
        {FindingKind::kUnreadableLabel, label, 0, reason_of(text.error(), label)});
    return loaded;
  }
  loaded.sample = std::move(sample);
  return loaded;
}

}  // namespace

Result<Dataset> open_yolo(const fs::path& yaml, const DatasetOptions& options) {
  SHRIKE_ASSIGN(YoloSettings settings, read_yolo_settings(yaml));
  Dataset dataset;
  dataset.source = yaml;
  dataset.files = {yaml};
  dataset.format = DatasetFormat::kYolo;
  dataset.split = options.split;
  SHRIKE_ASSIGN(const std::vector<fs::path> pictures, pictures_of_split(settings, dataset));
  dataset.names = std::move(settings.names);
  for (size_t i = 0; i < dataset.names.size(); ++i)
    dataset.category_ids.push_back(static_cast<int64_t>(i));
  SHRIKE_TRY(load_samples(
      pictures.size(), options.threads,
      [&](size_t i) { return load(pictures[i], static_cast<int64_t>(i), dataset.names.size()); },
      dataset));
  return dataset;
}

Result<std::vector<std::string>> yolo_splits(const fs::path& yaml) {
  SHRIKE_ASSIGN(const YoloSettings settings, read_yolo_settings(yaml));
  std::vector<std::string> splits;
  for (const char* name : kUsualSplits)
    if (settings.splits.contains(name)) splits.emplace_back(name);
  return splits;
}

}  // namespace shrike
