// Windows bitmaps: 1, 4 and 8 bits with a palette (plain or run-length coded), 16, 24 and 32 bits
// with the usual or the file's own channel masks; upright and top-down; the OS/2 header, too.
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "vision/bmp_rle.h"
#include "vision/byte_view.h"
#include "vision/codec.h"

namespace shrike {

namespace {

constexpr size_t kFileHeader = 14;
constexpr size_t kCoreHeader = 12;
constexpr size_t kInfoHeader = 40;

enum Compression : uint32_t {
  kPlain = 0,
  kRle8 = 1,
  kRle4 = 2,
  kBitFields = 3,
  kAlphaBitFields = 6,
};

using Colour = std::array<uint8_t, kImageChannels>;

struct Header {
  int64_t width = 0, height = 0;
  bool top_down = false;
  int bits = 0;
  uint32_t compression = kPlain;
  size_t pixels_at = 0;
  std::array<Colour, 256> palette{};
  std::array<uint32_t, kImageChannels> masks{};

  bool run_length() const { return compression == kRle8 || compression == kRle4; }
  size_t row_bits() const { return static_cast<size_t>(width) * static_cast<size_t>(bits); }
  size_t stride() const { return (row_bits() + 31) / 32 * 4; }
};

// Whether bits and compression go together in a way that files do.
bool is_known(const Header& header) {
  switch (header.compression) {
    case kPlain:
      return header.bits == 1 || header.bits == 4 || header.bits == 8 || header.bits == 16 ||
             header.bits == 24 || header.bits == 32;
    case kRle8:
      return header.bits == 8 && !header.top_down;
    case kRle4:
      return header.bits == 4 && !header.top_down;
    case kBitFields:
    case kAlphaBitFields:
      return header.bits == 16 || header.bits == 32;
    default:
      return false;
  }
}

void read_palette(const ByteView& file, size_t at, size_t entry_bytes, size_t count,
                  Header& header) {
  for (size_t i = 0; i < std::min(count, header.palette.size()); ++i, at += entry_bytes) {
    if (!file.holds(at, entry_bytes)) return;
    header.palette[i] = {*file.u8(at + 2), *file.u8(at + 1), *file.u8(at)};
  }
}

std::optional<Header> read_core_header(const ByteView& file, Header header) {
  const auto width = file.u16(18), height = file.u16(20), bits = file.u16(24);
  if (!width || !height || !bits) return std::nullopt;
  header.width = *width;
  header.height = *height;
  header.bits = *bits;
  read_palette(file, kFileHeader + kCoreHeader, 3, 256, header);
  return header;
}

void read_masks(const ByteView& file, Header& header) {
  if (header.compression == kPlain) {
    if (header.bits == 16) header.masks = {0x7C00, 0x03E0, 0x001F};
    if (header.bits == 32) header.masks = {0xFF0000, 0x00FF00, 0x0000FF};
    return;
  }
  // At the same place whether they are part of a longer header or follow the 40 bytes.
  for (size_t c = 0; c < header.masks.size(); ++c)
    header.masks[c] = file.u32(kFileHeader + kInfoHeader + 4 * c).value_or(0);
}

std::optional<Header> read_info_header(const ByteView& file, size_t header_bytes, Header header) {
  if (header_bytes < kInfoHeader || !file.holds(kFileHeader, header_bytes)) return std::nullopt;
  header.width = static_cast<int32_t>(*file.u32(18));
  header.height = static_cast<int32_t>(*file.u32(22));
  header.top_down = header.height < 0;
  if (header.top_down) header.height = -header.height;
  header.bits = *file.u16(28);
  header.compression = *file.u32(30);
  const bool bit_fields = header.compression == kBitFields || header.compression == kAlphaBitFields;
  if (bit_fields || header.bits == 16 || header.bits == 32) read_masks(file, header);
  const uint32_t used = *file.u32(46);
  read_palette(file, kFileHeader + header_bytes, 4, used == 0 ? 256 : used, header);
  return header;
}

std::optional<Header> read_header(const ByteView& file) {
  const auto pixels_at = file.u32(10), header_bytes = file.u32(kFileHeader);
  if (!pixels_at || !header_bytes) return std::nullopt;
  Header header;
  header.pixels_at = *pixels_at;
  return *header_bytes == kCoreHeader ? read_core_header(file, header)
                                      : read_info_header(file, *header_bytes, header);
}

// The channel a mask cuts out, moved to 8 bits as OpenCV does: shifted, not stretched.
uint8_t channel(uint32_t pixel, uint32_t mask) {
  if (mask == 0) return 0;
  const int low = std::countr_zero(mask), width = std::bit_width(mask) - low;
  const uint32_t value = (pixel & mask) >> low;
  return static_cast<uint8_t>(width >= 8 ? value >> (width - 8) : value << (8 - width));
}

uint8_t palette_index(const ByteView& file, size_t row_at, int bits, size_t x) {
  const size_t bit = x * static_cast<size_t>(bits);
  const int shift = 8 - bits - static_cast<int>(bit % 8);
  return static_cast<uint8_t>(*file.u8(row_at + bit / 8) >> shift & ((1 << bits) - 1));
}

Colour plain_pixel(const ByteView& file, const Header& header, size_t row_at, size_t x) {
  if (header.bits <= 8) return header.palette[palette_index(file, row_at, header.bits, x)];
  const size_t at = row_at + x * static_cast<size_t>(header.bits) / 8;
  if (header.bits == 24) return {*file.u8(at + 2), *file.u8(at + 1), *file.u8(at)};
  const uint32_t pixel = header.bits == 16 ? *file.u16(at) : *file.u32(at);
  return {channel(pixel, header.masks[0]), channel(pixel, header.masks[1]),
          channel(pixel, header.masks[2])};
}

void put(Image& image, int x, int y, const Colour& colour) {
  std::copy(colour.begin(), colour.end(), image.pixel(x, y));
}

Result<void> fill_plain(const ByteView& file, const Header& header, Image& image) {
  for (int y = 0; y < image.height(); ++y) {
    const size_t row_at = header.pixels_at + static_cast<size_t>(y) * header.stride();
    const int out_y = header.top_down ? y : image.height() - 1 - y;
    for (int x = 0; x < image.width(); ++x)
      put(image, x, out_y, plain_pixel(file, header, row_at, static_cast<size_t>(x)));
  }
  return {};
}

Result<void> fill_run_length(std::span<const std::byte> pixels, const Header& header,
                             Image& image) {
  const auto indices = decode_bmp_rle(ByteView(pixels), header.bits, image.width(), image.height());
  if (!indices) return input_error("the picture is truncated or damaged: its runs do not add up");
  auto index = indices->begin();
  for (int y = image.height() - 1; y >= 0; --y)
    for (int x = 0; x < image.width(); ++x) put(image, x, y, header.palette[*index++]);
  return {};
}

// Whether a plain picture's pixels lie within the file; the padding of the last row may be absent.
bool holds_pixels(const ByteView& file, const Header& header) {
  const size_t last = (header.row_bits() + 7) / 8;
  return file.holds(header.pixels_at,
                    static_cast<size_t>(header.height - 1) * header.stride() + last);
}

}  // namespace

bool is_bmp(std::span<const std::byte> bytes) {
  // Two letters are little to go by; the size of the second header makes sure.
  const ByteView file(bytes);
  const auto header_bytes = file.u32(kFileHeader);
  return file.starts_with("BM") && (!header_bytes || *header_bytes <= 256);
}

Result<DecodedPicture> decode_bmp(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const ByteView file(bytes);
  const auto header = read_header(file);
  if (!header) return input_error("the header is truncated or damaged");
  if (!is_known(*header))
    return input_error("pictures of " + std::to_string(header->bits) + " bits with compression " +
                       std::to_string(header->compression) + " are not read");
  if (header->pixels_at > bytes.size()) return input_error("the picture is truncated: no pixels");
  // Before allocating: the sides decide how much the file must hold.
  const bool sides = header->width > 0 && header->height > 0;
  if (sides && !header->run_length() && header->width * header->height <= limits.max_pixels &&
      !holds_pixels(file, *header))
    return input_error("the picture is truncated: rows are missing");
  SHRIKE_ASSIGN(Image image, allocate_picture(header->width, header->height, limits));
  SHRIKE_TRY(header->run_length()
                 ? fill_run_length(bytes.subspan(header->pixels_at), *header, image)
                 : fill_plain(file, *header, image));
  return DecodedPicture{std::move(image), kUpright};
}

Result<PictureHeader> bmp_header(FileWindow& file) {
  constexpr size_t kHeaders = 2048;  // with the palette
  const auto header = read_header(ByteView(file.bytes(0, kHeaders)));
  if (!header) return input_error("the header is truncated or damaged");
  return PictureHeader{header->width, header->height, kUpright};
}

}  // namespace shrike
