#include "api/pixels.h"

#include "vision/decode.h"

namespace shrike {

namespace {

// Where in a pixel's bytes red, green and blue are, and how many bytes there are.
struct PixelLayout {
  v0::PixelFormat format;
  int bytes, red, green, blue;
};

constexpr PixelLayout kLayouts[] = {{v0::PixelFormat::kRgb, 3, 0, 1, 2},
                                    {v0::PixelFormat::kBgr, 3, 2, 1, 0},
                                    {v0::PixelFormat::kRgba, 4, 0, 1, 2},
                                    {v0::PixelFormat::kBgra, 4, 2, 1, 0},
                                    {v0::PixelFormat::kGrey, 1, 0, 0, 0}};

Result<PixelLayout> layout_of(v0::PixelFormat format) {
  for (const PixelLayout& layout : kLayouts)
    if (layout.format == format) return layout;
  return usage_error("pixels: the format is not given");
}

}  // namespace

Result<Image> to_image(const v0::Pixels& pixels) {
  SHRIKE_ASSIGN(const PixelLayout layout, layout_of(pixels.format));
  if (!pixels.data) return usage_error("pixels: data is null");
  const std::string size = std::to_string(pixels.width) + "x" + std::to_string(pixels.height);
  if (pixels.width < 1 || pixels.height < 1)
    return usage_error("pixels: a picture of " + size + " has no pixel");
  const int64_t limit = DecodeLimits{}.max_pixels;
  if (int64_t{pixels.width} * pixels.height > limit)
    return usage_error("pixels: a picture of " + size + " is over the limit of " +
                       std::to_string(limit) + " pixels");
  const ptrdiff_t filled = ptrdiff_t{pixels.width} * layout.bytes;
  const ptrdiff_t stride = pixels.row_bytes == 0 ? filled : pixels.row_bytes;
  if (stride < filled)
    return usage_error("pixels: row_bytes is " + std::to_string(stride) + ", but a row fills " +
                       std::to_string(filled));
  Image image(pixels.width, pixels.height);
  for (int y = 0; y < pixels.height; ++y) {
    const uint8_t* from = pixels.data + y * stride;
    uint8_t* to = image.row(y);
    for (int x = 0; x < pixels.width; ++x, from += layout.bytes, to += kImageChannels) {
      to[0] = from[layout.red];
      to[1] = from[layout.green];
      to[2] = from[layout.blue];
    }
  }
  return image;
}

}  // namespace shrike
