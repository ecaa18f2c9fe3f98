#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "base/excerpt.h"
#include "data/coco_file.h"
#include "data/picture_list.h"
#include "data/readers.h"
#include "data/sample_list.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

// Where pictures usually lie, seen from the JSON file.
Result<fs::path> find_pictures_folder(const fs::path& json, const DatasetOptions& options,
                                      const fs::path& first_name) {
  std::error_code error;
  if (!options.pictures.empty()) {
    if (fs::is_directory(options.pictures, error)) return options.pictures;
    return input_error("no such folder of pictures: " + options.pictures.string());
  }
  constexpr std::string_view kInstances = "instances_";
  std::string split = json.stem().string();
  if (split.starts_with(kInstances)) split.erase(0, kInstances.size());
  const fs::path own = json.parent_path();
  std::vector<fs::path> folders = {own};
  for (const fs::path& around : {own / "..", own})
    for (const std::string& part :
         {split, std::string("images"), "images/" + split, std::string("JPEGImages")})
      folders.push_back((around / part).lexically_normal());
  folders.push_back((own / "..").lexically_normal());
  for (const fs::path& folder : folders)
    if (fs::exists(folder / first_name, error)) return folder;
  std::string tried;
  for (const fs::path& folder : folders)
    tried += (tried.empty() ? "" : ", ") + (folder.empty() ? "." : folder.string());
  return input_error(json.string() + ": no folder of pictures: " + shown_path(first_name) +
                     " is in none of " + tried);
}

class CocoChecker {
 public:
  CocoChecker(const fs::path& json, const DatasetOptions& options)
      : json_(json), options_(options), findings_(json) {}

  Result<Dataset> read() {
    SHRIKE_ASSIGN(CocoFile file, read_coco_file(json_, findings_));
    if (file.images.empty()) return input_error(json_.string() + ": no images");
    SHRIKE_ASSIGN(const fs::path folder, pictures_folder(file.images));
    Dataset dataset;
    dataset.source = json_;
    dataset.files = {json_};
    dataset.format = DatasetFormat::kCoco;
    SHRIKE_TRY(take_categories(std::move(file.categories), dataset));
    SHRIKE_TRY(take_images(std::move(file.images)));
    SHRIKE_TRY(take_annotations(file.annotations));
    dataset.findings = findings_.take();
    SHRIKE_TRY(load_samples(
        images_.size(), options_.threads, [&](size_t i) { return load(i, folder); }, dataset));
    return dataset;
  }

 private:
  // An error, or a finding where these are tolerated.
  Result<void> contradiction(FindingKind kind, int64_t row, const std::string& what) {
    if (!options_.tolerant) return input_error(json_.string() + ": " + what);
    findings_.add(kind, row, what);
    return {};
  }

  Result<fs::path> pictures_folder(const std::vector<CocoImage>& images) const {
    for (const CocoImage& image : images)
      if (leads_out(image.file_name))
        return input_error(
            json_.string() + ": image " + std::to_string(image.id) +
            ": file_name leads out of the folder of pictures: " + excerpt(image.file_name));
    return find_pictures_folder(json_, options_, images.front().file_name);
  }

  Result<void> take_categories(std::vector<CocoCategory> categories, Dataset& dataset) {
    std::stable_sort(categories.begin(), categories.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    for (CocoCategory& category : categories) {
      const int class_id = static_cast<int>(dataset.names.size());
      if (!class_ids_.emplace(category.id, class_id).second)
        return input_error(json_.string() + ": category " + std::to_string(category.id) +
                           " is there twice");
      dataset.names.push_back(std::move(category.name));
      dataset.category_ids.push_back(category.id);
    }
    return {};
  }

  Result<void> take_images(std::vector<CocoImage> images) {
    std::stable_sort(images.begin(), images.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    for (CocoImage& image : images) {
      if (!indices_.emplace(image.id, images_.size()).second) {
        SHRIKE_TRY(contradiction(FindingKind::kDuplicatePicture, 0,
                                 "image " + std::to_string(image.id) + " is there twice"));
        continue;
      }
      images_.push_back(std::move(image));
    }
    rows_.resize(images_.size());
    return {};
  }

  Result<void> take_annotations(const std::vector<CocoAnnotation>& annotations) {
    std::unordered_set<int64_t> seen;
    for (const CocoAnnotation& a : annotations) {
      const std::string name = "annotation " + std::to_string(a.id);
      const auto image = indices_.find(a.image_id);
      const auto class_id = class_ids_.find(a.category_id);
      if (!seen.insert(a.id).second) {
        SHRIKE_TRY(contradiction(FindingKind::kDuplicateRow, a.id, name + " is there twice"));
      } else if (image == indices_.end()) {
        SHRIKE_TRY(contradiction(
            FindingKind::kUnknownPicture, a.id,
            name + " is of image " + std::to_string(a.image_id) + ", which is not defined"));
      } else if (class_id == class_ids_.end()) {
        SHRIKE_TRY(contradiction(
            FindingKind::kUnknownClass, a.id,
            name + " is of category " + std::to_string(a.category_id) + ", which is not defined"));
      } else {
        rows_[image->second].push_back({a.truth, a.id});
        rows_[image->second].back().truth.class_id = class_id->second;
      }
    }
    return {};
  }

  Result<LoadedSample> load(size_t i, const fs::path& folder) const {
    LoadedSample loaded;
    const CocoImage& image = images_[i];
    const fs::path picture = folder / image.file_name;
    SHRIKE_ASSIGN(const std::optional<PictureSize> size,
                  size_of_picture(picture, loaded.findings));
    if (!size) return loaded;
    if (contradicts(image.size, *size))
      loaded.findings.push_back(
          {FindingKind::kWrongSize, picture, 0, wrong_size_text(image.size, *size)});
    FindingList findings(json_);
    Sample sample{picture, image.id, size->width, size->height, {}};
    sample.truth = checked_truth(rows_[i], *size, RepeatedRows::kKeep, findings);
    for (Finding& finding : findings.take()) loaded.findings.push_back(std::move(finding));
    loaded.sample = std::move(sample);
    return loaded;
  }

  const fs::path& json_;
  const DatasetOptions& options_;
  FindingList findings_;
  std::vector<CocoImage> images_;  // by id
  std::unordered_map<int64_t, size_t> indices_;
  std::unordered_map<int64_t, int> class_ids_;
  std::vector<std::vector<TruthRow>> rows_;  // by index into images_
};

}  // namespace

Result<Dataset> open_coco(const fs::path& json, const DatasetOptions& options) {
  return CocoChecker(json, options).read();
}

}  // namespace shrike
