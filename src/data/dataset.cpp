#include "data/dataset.h"

#include <algorithm>
#include <functional>

#include "data/picture_list.h"
#include "data/readers.h"

namespace shrike {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kInstances = "instances_";

struct Place {
  DatasetFormat format;
  fs::path file;  // what that format's reader takes
};

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// The settings file in a folder, or nothing where there is none or no telling which.
fs::path yaml_in(const fs::path& folder) {
  std::error_code error;
  for (const char* usual : {"data.yaml", "data.yml"})
    if (fs::is_regular_file(folder / usual, error)) return folder / usual;
  std::vector<fs::path> all = files_ending(folder, ".yaml");
  const std::vector<fs::path> more = files_ending(folder, ".yml");
  all.insert(all.end(), more.begin(), more.end());
  return all.size() == 1 ? all.front() : fs::path();
}

std::vector<fs::path> instances_in(const fs::path& folder) {
  std::vector<fs::path> files = files_ending(folder / "annotations", ".json");
  std::erase_if(files, [](const fs::path& file) {
    return !file.filename().native().starts_with(kInstances);
  });
  return files;
}

// instances_val.json, else the only one of instances_val*.json.
Result<fs::path> instances_of_split(const std::vector<fs::path>& files, const fs::path& folder,
                                    const std::string& split) {
  std::vector<fs::path> fitting;
  for (const fs::path& file : files) {
    const std::string name = file.stem().string().substr(kInstances.size());
    if (name == split) return file;
    if (name.starts_with(split)) fitting.push_back(file);
  }
  if (fitting.size() == 1) return fitting.front();
  return input_error((folder / "annotations").string() + ": " +
                     (fitting.empty() ? "no" : "more than one") + " " + std::string(kInstances) +
                     split + "*.json");
}

Result<Place> place_in_folder(const fs::path& folder, const std::string& split) {
  if (const fs::path yaml = yaml_in(folder); !yaml.empty())
    return Place{DatasetFormat::kYolo, yaml};
  if (const auto files = instances_in(folder); !files.empty()) {
    SHRIKE_ASSIGN(const fs::path file, instances_of_split(files, folder, split));
    return Place{DatasetFormat::kCoco, file};
  }
  if (is_voc_folder(folder)) return Place{DatasetFormat::kVoc, folder};
  return input_error("no data set in folder " + folder.string() +
                     ": neither data.yaml, nor annotations/instances_*.json, nor VOC's "
                     "Annotations or XML files");
}

Result<Place> place_of(const fs::path& path, const std::string& split) {
  std::error_code error;
  if (fs::is_directory(path, error)) return place_in_folder(path, split);
  if (!fs::exists(path, error))
    return input_error("no such data set: " + path.string() +
                       (error ? ": " + error.message() : ""));
  if (is_yaml(path)) return Place{DatasetFormat::kYolo, path};
  if (path.extension() == ".json") return Place{DatasetFormat::kCoco, path};
  return input_error("not a data set: " + path.string() +
                     " is neither a .yaml or .json file nor a folder");
}

}  // namespace

Result<Dataset> open_dataset(const fs::path& path, const DatasetOptions& options) {
  SHRIKE_ASSIGN(const Place place, place_of(path, options.split));
  switch (place.format) {
    case DatasetFormat::kYolo:
      return open_yolo(place.file, options);
    case DatasetFormat::kCoco:
      return open_coco(place.file, options);
    case DatasetFormat::kVoc:
      return open_voc(place.file, options);
  }
  return usage_error("no such format of data sets");
}

Result<std::vector<std::string>> dataset_splits(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    const fs::path yaml = yaml_in(path);
    if (!yaml.empty()) return yolo_splits(yaml);
    std::vector<std::string> splits;
    for (const fs::path& file : instances_in(path))
      splits.push_back(file.stem().string().substr(kInstances.size()));
    const auto is_test = [](const std::string& name) { return name.starts_with("test"); };
    std::stable_partition(splits.begin(), splits.end(), std::not_fn(is_test));
    if (!splits.empty()) return splits;
    return voc_splits(path);
  }
  SHRIKE_ASSIGN(const Place place, place_of(path, ""));
  if (place.format == DatasetFormat::kYolo) return yolo_splits(place.file);
  return std::vector<std::string>();
}

std::string_view format_name(DatasetFormat format) {
  switch (format) {
    case DatasetFormat::kYolo:
      return "yolo";
    case DatasetFormat::kCoco:
      return "coco";
    case DatasetFormat::kVoc:
      return "voc";
  }
  return "";
}

}  // namespace shrike
