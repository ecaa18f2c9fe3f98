// Class names and sizes as models carry them: the metadata values of Ultralytics' exports, which
// are Python literals, and Darknet's names files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace shrike {

inline constexpr size_t kMaxClasses = 100'000;
inline constexpr int64_t kMaxImageSide = 65'536;

// "{0: 'person', 1: \"driver's seat\"}", "['person', 'car']" or their JSON forms
// (keys "0", "1"): the names by class id. Ids must be exactly 0..n-1, in any order. Errors (kModel)
// say what is wrong at which character.
Result<std::vector<std::string>> parse_names(std::string_view literal);

// The dict form, as Python's repr of it would quote.
std::string write_names(const std::vector<std::string>& names);

struct ImageSize {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const ImageSize&) const = default;
};

// imgsz: "[480, 640]" (height first), "(480, 640)" or "640". Each 1..kMaxImageSide.
Result<ImageSize> parse_image_size(std::string_view literal);
std::string write_image_size(ImageSize size);

// stride: "32" or "[8, 16, 32]" (the largest counts). 1..4096.
Result<int64_t> parse_stride(std::string_view literal);

// One name a line; CR LF and blank lines at the end are fine, blank lines between are not. Errors
// (kInput) name the file.
Result<std::vector<std::string>> read_names_file(const std::filesystem::path& path);

}  // namespace shrike
