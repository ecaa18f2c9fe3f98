// Pictures from files: JPEG, PNG, WebP, BMP and PNM, told apart by their first bytes, never by
// name.
//
// The pixels are those of OpenCV's imread(IMREAD_COLOR), in RGB order: grey is repeated, 16 bits
// are cut to the upper 8, palettes are looked up, alpha is dropped (not blended), CMYK and YCCK
// JPEG are taken as Adobe writes them, colour profiles are ignored, EXIF orientation is applied,
// an animation gives its first frame. One wilful difference: PNM values are scaled by the file's
// own maximum where OpenCV leaves them dark.
//
// Every size in a file is checked, and the pixel limit is applied before pixels are allocated.
// Truncated or damaged pictures are errors, never half-grey pictures. Errors are of kInput, of
// kRuntime where memory ran out.
// All functions are safe to call from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "base/result.h"
#include "vision/image.h"

namespace shrike {

// Most pixels of a picture where nobody says otherwise: one number for the process, as its memory
// is. 100 million until it is set.
int64_t pixel_limit();
void set_pixel_limit(int64_t pixels);

struct DecodeLimits {
  int64_t max_pixels = pixel_limit();
  int64_t max_file_bytes = int64_t{1} << 30;
};

// "truncated or damaged JPEG picture: ...": the message does not know a file name.
Result<Image> decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits = {});

// Errors name the path.
Result<Image> read_image(const std::filesystem::path& path, const DecodeLimits& limits = {});

struct PictureSize {
  int width = 0, height = 0;
  bool operator==(const PictureSize&) const = default;
};

// The size that read_image gives of an undamaged picture, from its header alone. That it can be
// decoded is not certain then. Errors name the path.
Result<PictureSize> read_picture_size(const std::filesystem::path& path,
                                      const DecodeLimits& limits = {});

// Ends in .jpg, .jpeg, .png, .webp, .bmp, .ppm, .pgm, .pbm or .pnm, case ignored.
bool has_picture_name(const std::filesystem::path& path);

}  // namespace shrike
