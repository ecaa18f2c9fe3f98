#include "vision/decode.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/file_name.h"
#include "base/shape.h"
#include "vision/codec.h"

namespace shrike {

namespace {

std::atomic<int64_t> most_pixels = 100'000'000;

constexpr std::string_view kPictureEndings[] = {".jpg", ".jpeg", ".png", ".webp", ".bmp",
                                                ".ppm", ".pgm",  ".pbm", ".pnm"};

std::string known_formats() {
  std::string text;
  for (const Codec& codec : kCodecs) {
    if (!text.empty()) text += &codec == std::end(kCodecs) - 1 ? " or " : ", ";
    text += codec.name;
  }
  return text;
}

Result<Image> decode_with(const Codec& codec, std::span<const std::byte> bytes,
                          const DecodeLimits& limits) {
  auto decoded = codec.decode(bytes, limits);
  if (!decoded) return in_context(std::string(codec.name), decoded.error());
  return apply_orientation(std::move(decoded->image), decoded->orientation);
}

Result<PictureSize> header_size(FileWindow& file, const DecodeLimits& limits) {
  constexpr size_t kSignature = 64;
  if (file.size() > static_cast<uint64_t>(limits.max_file_bytes))
    return input_error("larger than " + std::to_string(limits.max_file_bytes) + " bytes");
  for (const Codec& codec : kCodecs) {
    if (!codec.recognises(file.bytes(0, kSignature))) continue;
    const auto header = codec.header(file);
    if (!header) return in_context(std::string(codec.name), header.error());
    SHRIKE_TRY(check_picture_size(header->width, header->height, limits));
    PictureSize size{static_cast<int>(header->width), static_cast<int>(header->height)};
    if (swaps_sides(header->orientation)) std::swap(size.width, size.height);
    return size;
  }
  return input_error("not a " + known_formats() + " picture");
}

}  // namespace

int64_t pixel_limit() { return most_pixels; }
void set_pixel_limit(int64_t pixels) { most_pixels = pixels; }

Result<void> check_picture_size(int64_t width, int64_t height, const DecodeLimits& limits) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (width < 1 || height < 1) return input_error("a picture of " + size + " pixels has no pixel");
  const auto pixels = checked_mul(width, height);
  if (!pixels || *pixels > limits.max_pixels || width > INT32_MAX / kImageChannels ||
      height > INT32_MAX)
    return input_error("a picture of " + size + " pixels is over the limit of " +
                       std::to_string(limits.max_pixels));
  return {};
}

Error no_memory_for_picture() { return runtime_error("not enough memory for the picture"); }

Result<Image> allocate_picture(int64_t width, int64_t height, const DecodeLimits& limits) {
  SHRIKE_TRY(check_picture_size(width, height, limits));
  return Image(static_cast<int>(width), static_cast<int>(height));
}

Result<Image> decode_image(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  if (bytes.empty()) return input_error("not a picture: there are no bytes");
  try {
    for (const Codec& codec : kCodecs)
      if (codec.recognises(bytes)) return decode_with(codec, bytes, limits);
  } catch (const std::bad_alloc&) {
    return no_memory_for_picture();
  }
  return input_error("not a " + known_formats() + " picture");
}

Result<Image> read_image(const std::filesystem::path& path, const DecodeLimits& limits) {
  const auto named = [&](const Error& error) {
    return in_context("cannot read " + path.string(), error);
  };
  try {
    // Read, not mapped: a camera may be rewriting the file, and that must not end the process.
    SHRIKE_ASSIGN(const std::string file,
                  read_text(path, ErrorKind::kInput, static_cast<size_t>(limits.max_file_bytes)));
    auto image = decode_image(std::as_bytes(std::span(file)), limits);
    if (!image) return named(image.error());
    return image;
  } catch (const std::bad_alloc&) {
    return named(no_memory_for_picture());
  }
}

Result<PictureSize> read_picture_size(const std::filesystem::path& path,
                                      const DecodeLimits& limits) {
  const auto named = [&](const Error& error) {
    return in_context("cannot read " + path.string(), error);
  };
  try {
    SHRIKE_ASSIGN(FileWindow file, FileWindow::open(path, ErrorKind::kInput));
    auto size = header_size(file, limits);
    if (!size) return named(size.error());
    return size;
  } catch (const std::bad_alloc&) {
    return named(no_memory_for_picture());
  }
}

bool has_picture_name(const std::filesystem::path& path) {
  return std::find(std::begin(kPictureEndings), std::end(kPictureEndings), lower_ending(path)) !=
         std::end(kPictureEndings);
}

}  // namespace shrike
