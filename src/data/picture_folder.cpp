#include "data/picture_folder.h"

#include "base/excerpt.h"
#include "data/picture_list.h"
#include "data/sample_list.h"

namespace shrike {

namespace {

Result<LoadedSample> load(const std::filesystem::path& picture) {
  LoadedSample loaded;
  SHRIKE_ASSIGN(const std::optional<PictureSize> size, size_of_picture(picture, loaded.findings));
  if (size) loaded.sample = Sample{picture, 0, size->width, size->height, {}};
  return loaded;
}

}  // namespace

Result<Dataset> open_picture_folder(const std::filesystem::path& folder,
                                    const std::vector<std::string>& names, int threads) {
  SHRIKE_ASSIGN(const std::vector<std::filesystem::path> pictures, pictures_below(folder));
  Dataset dataset;
  dataset.source = folder;
  dataset.names = names;
  for (size_t i = 0; i < names.size(); ++i) dataset.category_ids.push_back(static_cast<int64_t>(i));
  SHRIKE_TRY(load_samples(
      pictures.size(), threads, [&](size_t i) { return load(pictures[i]); }, dataset));
  for (size_t i = 0; i < dataset.samples.size(); ++i)
    dataset.samples[i].id = static_cast<int64_t>(i);
  if (dataset.samples.empty())
    return input_error("no picture in " + shown_path(folder) + " can be read");
  return dataset;
}

}  // namespace shrike
