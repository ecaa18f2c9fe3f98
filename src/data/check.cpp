#include "data/check.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "base/thread_pool.h"
#include "data/picture_list.h"
#include "data/sample_list.h"
#include "data/yolo_labels.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// Label files beside pictures lie among lists and notes; only a folder of their own is looked at.
std::vector<Finding> find_orphans(const Dataset& dataset) {
  std::vector<Finding> orphans;
  if (dataset.format != DatasetFormat::kYolo) return orphans;
  std::map<fs::path, fs::path> folders;  // of label files, to that of the pictures
  for (const Sample& sample : dataset.samples) {
    const fs::path labels = yolo_label_path(sample.picture).parent_path();
    if (labels != sample.picture.parent_path()) folders[labels] = sample.picture.parent_path();
  }
  for (const auto& [labels, pictures] : folders) {
    std::set<fs::path> stems;
    const auto there = pictures_in(pictures);
    if (!there) continue;
    for (const fs::path& picture : *there) stems.insert(picture.stem());
    for (const fs::path& label : files_ending(labels, ".txt"))
      if (!stems.contains(label.stem()) && label.filename() != "classes.txt")
        orphans.push_back({FindingKind::kOrphanLabel, label, 0, ""});
  }
  return orphans;
}

}  // namespace

Result<bool> check_dataset(Dataset& dataset, const DatasetCheckOptions& options) {
  const size_t count = dataset.samples.size();
  std::vector<std::optional<Finding>> found(count);
  std::atomic<bool> go_on = true;
  std::mutex mutex;
  size_t done = 0;
  SHRIKE_TRY(read_files(dataset.source, count, options.threads, [&](size_t i) -> Result<void> {
    if (!go_on) return {};
    const fs::path& picture = dataset.samples[i].picture;
    const auto image = read_image(picture);
    if (!image && image.error().kind != ErrorKind::kInput) return image.error();
    if (!image)
      found[i] = {FindingKind::kCorruptPicture, picture, 0, reason_of(image.error(), picture)};
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress && !options.progress(done, count)) go_on = false;
    return {};
  }));
  if (!go_on) return false;

  std::vector<Finding> orphans = find_orphans(dataset);
  std::vector<Sample> whole;
  for (size_t i = 0; i < count; ++i) {
    if (found[i])
      dataset.findings.push_back(std::move(*found[i]));
    else
      whole.push_back(std::move(dataset.samples[i]));
  }
  dataset.samples = std::move(whole);
  std::move(orphans.begin(), orphans.end(), std::back_inserter(dataset.findings));
  return true;
}

}  // namespace shrike
