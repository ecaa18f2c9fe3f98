// Names for what is written beside each other for many pictures: annotated pictures, label files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shrike {

// Where the files of one picture go.
struct OutputPaths {
  std::filesystem::path picture, labels;  // annotated; .txt. Empty where not wanted
};

// One for each picture; folders `save` and `labels` exist, or are empty where none is wanted. No
// two paths are the same, and none is one of the pictures.
//
// A picture's files are called as it is, the annotated one .png where the picture is, else .jpg.
// Where pictures share a name (a/1.jpg and b/1.jpg, or 1.jpg and 1.png) it has "_2", "_3", ...
// behind, in the order given. In a folder that holds any of the pictures, or where a data set has
// their labels, nothing that is there is replaced: the file is called NAME_boxes, or NAME_boxes_2,
// ... No name that is made up is that of another picture. In other folders the files of an earlier
// run are replaced.
std::vector<OutputPaths> output_paths(const std::vector<std::filesystem::path>& pictures,
                                      const std::filesystem::path& save,
                                      const std::filesystem::path& labels);

// A file name made of what a tensor is called: everything but letters, digits, '.', '_' and '-'
// becomes '_', and a leading '.' too.
std::string safe_file_name(std::string_view name);

}  // namespace shrike
