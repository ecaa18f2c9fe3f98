#include "cli/picture_output.h"

#include "base/file.h"
#include "cli/output_names.h"
#include "vision/draw.h"
#include "vision/encode.h"

namespace shrike {

namespace fs = std::filesystem;

PictureOutput::PictureOutput(const OutputOptions& options, std::vector<fs::path> pictures)
    : options_(options), pictures_(std::move(pictures)), stems_(output_stems(pictures_)) {}

Result<PictureOutput> PictureOutput::create(const OutputOptions& options,
                                            std::vector<fs::path> pictures) {
  if (!options.save.empty()) SHRIKE_TRY(make_folders(options.save));
  if (!options.labels.empty()) SHRIKE_TRY(make_folders(options.labels));
  return PictureOutput(options, std::move(pictures));
}

Result<void> PictureOutput::write(size_t index, const Image& image,
                                  const std::vector<std::string>& names,
                                  PictureResult& result) const {
  if (!options_.save.empty()) {
    const fs::path path = annotated_path(options_.save, stems_[index], pictures_[index], pictures_);
    SHRIKE_ASSIGN(const Image drawn, draw_detections(image, result.detections.boxes, names));
    SHRIKE_TRY(write_image(path, drawn));
    result.saved = path.string();
  }
  if (!options_.labels.empty())
    SHRIKE_TRY(write_file(options_.labels / (stems_[index] + ".txt"),
                          label_text(result, options_.label_confidence)));
  return {};
}

}  // namespace shrike
