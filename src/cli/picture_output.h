// The files that `detect` writes for a picture: the annotated picture, the label file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/detection_text.h"
#include "cli/output_names.h"
#include "vision/image.h"

namespace shrike {

struct OutputOptions {
  std::filesystem::path save;    // folder of annotated pictures; empty: none
  std::filesystem::path labels;  // folder of label files; empty: none
  bool label_confidence = false;
};

class PictureOutput {
 public:
  // Makes the folders and gives every picture names of its own (output_names.h). An error (kUsage)
  // where a file would replace one of `read`.
  static Result<PictureOutput> create(const OutputOptions& options,
                                      const std::vector<std::filesystem::path>& pictures,
                                      const std::vector<std::filesystem::path>& read);

  // Writes the files of picture `index` and notes in `result` where the annotated picture is.
  // Every file is written beside and renamed: an interrupted run leaves none that is half there.
  // Errors: kInput where this picture cannot be annotated, kRuntime where nothing can be written.
  Result<void> write(size_t index, const Image& image, const std::vector<std::string>& names,
                     PictureResult& result) const;

 private:
  PictureOutput(std::vector<OutputPaths> paths, bool label_confidence)
      : paths_(std::move(paths)), label_confidence_(label_confidence) {}
  std::vector<OutputPaths> paths_;
  bool label_confidence_;
};

}  // namespace shrike
