#include "cli/picture_output.h"

#include "base/file.h"
#include "cli/overwriting.h"
#include "vision/draw.h"
#include "vision/encode.h"

namespace shrike {

namespace fs = std::filesystem;

Result<PictureOutput> PictureOutput::create(const OutputOptions& options,
                                            const std::vector<fs::path>& pictures,
                                            const std::vector<fs::path>& read) {
  if (!options.save.empty()) SHRIKE_TRY(make_folders(options.save));
  if (!options.labels.empty()) SHRIKE_TRY(make_folders(options.labels));
  std::vector<OutputPaths> paths = output_paths(pictures, options.save, options.labels);
  for (const OutputPaths& own : paths)
    for (const fs::path& path : {own.picture, own.labels})
      if (!path.empty()) SHRIKE_TRY(check_not_input(path, read));
  return PictureOutput(std::move(paths), options.label_confidence);
}

Result<void> PictureOutput::write(size_t index, const Image& image,
                                  const std::vector<std::string>& names,
                                  PictureResult& result) const {
  const OutputPaths& paths = paths_[index];
  if (!paths.picture.empty()) {
    SHRIKE_ASSIGN(const Image drawn, draw_detections(image, result.detections.boxes, names));
    SHRIKE_TRY(write_image(paths.picture, drawn));
    result.saved = paths.picture.string();
  }
  if (!paths.labels.empty())
    SHRIKE_TRY(write_file(paths.labels, label_text(result, label_confidence_)));
  return {};
}

}  // namespace shrike
