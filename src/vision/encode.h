// Pictures to bytes: JPEG for photographs, PNG where every pixel counts.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "vision/image.h"

namespace shrike {

inline constexpr int kJpegQuality = 92;

// Baseline, with chroma at half resolution as cameras write it. Quality 1..100.
// Errors: a side over 65,500 pixels (kInput), no memory (kRuntime). Requires a picture.
Result<std::vector<std::byte>> encode_jpeg(const Image& image, int quality = kJpegQuality);

// 8-bit RGB. Errors: a side over 1,000,000 pixels (kInput), no memory (kRuntime). Requires a
// picture.
Result<std::vector<std::byte>> encode_png(const Image& image);

// Written beside and renamed into place; PNG where the name ends in .png, else JPEG.
// Errors name the path: those above, and kRuntime where the file cannot be written.
Result<void> write_image(const std::filesystem::path& path, const Image& image);

}  // namespace shrike
