#include "vision/encode.h"

#include "base/file.h"
#include "base/file_name.h"

namespace shrike {

Result<void> write_image(const std::filesystem::path& path, const Image& image) {
  const auto bytes = lower_ending(path) == ".png" ? encode_png(image) : encode_jpeg(image);
  if (!bytes) return in_context("cannot write " + path.string(), bytes.error());
  return write_file(path, *bytes);
}

}  // namespace shrike
