// What decode.cpp asks of each picture format: one row of its list, one decode_*.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vision/decode.h"
#include "vision/orientation.h"

namespace shrike {

struct DecodedPicture {
  Image image;
  int orientation = kUpright;  // of the file's EXIF block, not applied yet
};

struct Codec {
  std::string_view name;
  bool (*recognises)(std::span<const std::byte> bytes);
  // Errors need not name the format.
  Result<DecodedPicture> (*decode)(std::span<const std::byte> bytes, const DecodeLimits& limits);
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

inline constexpr Codec kCodecs[] = {
    {"JPEG", is_jpeg, decode_jpeg}, {"PNG", is_png, decode_png}, {"WebP", is_webp, decode_webp},
    {"BMP", is_bmp, decode_bmp},    {"PNM", is_pnm, decode_pnm},
};

// A black picture, or an error where the sides are not positive or pass the limit.
Result<Image> allocate_picture(int64_t width, int64_t height, const DecodeLimits& limits);

}  // namespace shrike
