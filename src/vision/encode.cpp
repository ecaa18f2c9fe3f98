#include "vision/encode.h"

#include <algorithm>
#include <cctype>

#include "base/file.h"

namespace shrike {

namespace {

bool is_png_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".png";
}

}  // namespace

Result<void> write_image(const std::filesystem::path& path, const Image& image) {
  const auto bytes = is_png_name(path) ? encode_png(image) : encode_jpeg(image);
  if (!bytes) return in_context("cannot write " + path.string(), bytes.error());
  return write_file(path, *bytes);
}

}  // namespace shrike
