#include "vision/orientation.h"

#include <algorithm>

#include "vision/byte_view.h"

namespace shrike {

namespace {

constexpr std::string_view kExifPrefix("Exif\0\0", 6);
constexpr size_t kEntryBytes = 12;
constexpr uint16_t kOrientationTag = 0x0112;
constexpr uint16_t kTypeShort = 3;

// A picture turned by swapping its axes and reversing either one. In tiles, so that neither side
// walks down a column of a whole picture.
Image transpose(const Image& in, bool flip_x, bool flip_y) {
  constexpr int kTile = 32;
  Image out(in.height(), in.width());
  for (int y0 = 0; y0 < out.height(); y0 += kTile)
    for (int x0 = 0; x0 < out.width(); x0 += kTile)
      for (int y = y0; y < std::min(y0 + kTile, out.height()); ++y)
        for (int x = x0; x < std::min(x0 + kTile, out.width()); ++x) {
          const int from_y = flip_x ? in.height() - 1 - x : x;
          const int from_x = flip_y ? in.width() - 1 - y : y;
          std::copy_n(in.pixel(from_x, from_y), kImageChannels, out.pixel(x, y));
        }
  return out;
}

void mirror(Image& picture) {
  for (int y = 0; y < picture.height(); ++y)
    for (int left = 0, right = picture.width() - 1; left < right; ++left, --right)
      std::swap_ranges(picture.pixel(left, y), picture.pixel(left, y) + kImageChannels,
                       picture.pixel(right, y));
}

void turn_upside_down(Image& picture) {
  for (int top = 0, bottom = picture.height() - 1; top < bottom; ++top, --bottom)
    std::swap_ranges(picture.row(top), picture.row(top) + picture.row_bytes(), picture.row(bottom));
}

}  // namespace

int exif_orientation(std::span<const std::byte> block) {
  if (ByteView(block).starts_with(kExifPrefix)) block = block.subspan(kExifPrefix.size());
  const ByteView mark(block);
  const bool little = mark.starts_with("II"), big = mark.starts_with("MM");
  if (!little && !big) return kUpright;

  const ByteView tiff(block, big ? ByteOrder::kBig : ByteOrder::kLittle);
  const auto directory = tiff.u32(4);
  if (tiff.u16(2) != uint16_t{42} || !directory) return kUpright;
  const auto entries = tiff.u16(*directory);
  if (!entries) return kUpright;
  for (size_t i = 0; i < *entries; ++i) {
    const size_t entry = size_t{*directory} + 2 + i * kEntryBytes;
    if (!tiff.holds(entry, kEntryBytes)) return kUpright;
    if (tiff.u16(entry) != kOrientationTag) continue;
    const int value = *tiff.u16(entry + 8);
    const bool valid = tiff.u16(entry + 2) == kTypeShort && value >= 1 && value <= 8;
    return valid ? value : kUpright;
  }
  return kUpright;
}

Image apply_orientation(Image picture, int orientation) {
  switch (orientation) {
    case 2:
      mirror(picture);
      break;
    case 3:
      mirror(picture);
      turn_upside_down(picture);
      break;
    case 4:
      turn_upside_down(picture);
      break;
    case 5:
      return transpose(picture, false, false);
    case 6:
      return transpose(picture, true, false);
    case 7:
      return transpose(picture, true, true);
    case 8:
      return transpose(picture, false, true);
    default:
      break;
  }
  return picture;
}

}  // namespace shrike
