// Names for what is written beside each other for many pictures: annotated pictures, label files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shrike {

// One stem for each picture, all different: that of the picture's own name, and where two pictures
// share it (a/1.jpg and b/1.jpg, or 1.jpg and 1.png) "_2", "_3", ... behind, in the order given.
std::vector<std::string> output_stems(const std::vector<std::filesystem::path>& pictures);

// Where the annotated picture goes: `folder`/STEM with the ending .png where the picture's own is
// .png, else .jpg. When that is one of the pictures themselves, "_boxes" is put behind the stem.
std::filesystem::path annotated_path(const std::filesystem::path& folder, const std::string& stem,
                                     const std::filesystem::path& picture,
                                     const std::vector<std::filesystem::path>& pictures);

// A file name made of what a tensor is called: everything but letters, digits, '.', '_' and '-'
// becomes '_', and a leading '.' too.
std::string safe_file_name(std::string_view name);

}  // namespace shrike
