// What decode.cpp asks of each picture format: one row of its list, one decode_*.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "vision/decode.h"
#include "vision/orientation.h"

namespace shrike {

struct DecodedPicture {
  Image image;
  int orientation = kUpright;  // of the file's EXIF block, not applied yet
};

struct PictureHeader {
  int64_t width = 0, height = 0;  // as the file stores it, anything the bytes can say
  int orientation = kUpright;
};

struct Codec {
  std::string_view name;
  bool (*recognises)(std::span<const std::byte> bytes);
  // Errors of these two need not name the format.
  Result<DecodedPicture> (*decode)(std::span<const std::byte> bytes, const DecodeLimits& limits);
  // Of a whole picture what decode would find, without reading its pixels.
  Result<PictureHeader> (*header)(FileWindow& file);
};

bool is_jpeg(std::span<const std::byte> bytes);
bool is_png(std::span<const std::byte> bytes);
bool is_webp(std::span<const std::byte> bytes);
bool is_bmp(std::span<const std::byte> bytes);
bool is_pnm(std::span<const std::byte> bytes);

Result<DecodedPicture> decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits);
Result<DecodedPicture> decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits);
Result<DecodedPicture> decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits);
Result<DecodedPicture> decode_bmp(std::span<const std::byte> bytes, const DecodeLimits& limits);
Result<DecodedPicture> decode_pnm(std::span<const std::byte> bytes, const DecodeLimits& limits);

Result<PictureHeader> jpeg_header(FileWindow& file);
Result<PictureHeader> png_header(FileWindow& file);
Result<PictureHeader> webp_header(FileWindow& file);
Result<PictureHeader> bmp_header(FileWindow& file);
Result<PictureHeader> pnm_header(FileWindow& file);

inline constexpr Codec kCodecs[] = {
    {"JPEG", is_jpeg, decode_jpeg, jpeg_header}, {"PNG", is_png, decode_png, png_header},
    {"WebP", is_webp, decode_webp, webp_header}, {"BMP", is_bmp, decode_bmp, bmp_header},
    {"PNM", is_pnm, decode_pnm, pnm_header},
};

// An error where the sides are not positive or pass the limit.
Result<void> check_picture_size(int64_t width, int64_t height, const DecodeLimits& limits);

// A black picture, or check_picture_size's error.
Result<Image> allocate_picture(int64_t width, int64_t height, const DecodeLimits& limits);

// kRuntime: the file may be sound.
Error no_memory_for_picture();

}  // namespace shrike
