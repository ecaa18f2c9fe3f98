#include "data/searched_folders.h"

#include "base/glob.h"
#include "data/yolo_settings.h"

namespace shrike {

namespace fs = std::filesystem;

Result<std::vector<fs::path>> searched_folders(const Dataset& dataset) {
  std::vector<fs::path> folders;
  if (dataset.format != DatasetFormat::kYolo) return folders;
  SHRIKE_ASSIGN(const YoloSettings settings, read_yolo_settings(dataset.source));
  for (const std::string& split : {std::string("train"), std::string("val"), std::string("test")}) {
    const auto entries = settings.splits.find(split);
    if (entries == settings.splits.end()) continue;
    for (const std::string& entry : entries->second) {
      fs::path path = (settings.base / meant_entry(settings, entry)).lexically_normal();
      std::error_code ignored;
      if (!fs::exists(path, ignored))
        while (has_wildcard(path.string())) path = path.parent_path();
      if (fs::is_directory(path, ignored)) folders.push_back(path);
    }
  }
  return folders;
}

}  // namespace shrike
