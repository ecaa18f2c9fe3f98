// The six Netpbm formats: P1 to P3 as text, P4 to P6 as bytes; bits, grey and colour.
#include <algorithm>
#include <optional>

#include "vision/byte_view.h"
#include "vision/codec.h"

namespace shrike {

namespace {

constexpr uint32_t kMaxValue = 65535;

bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

// Reads numbers as text, and bytes; every read past the end gives nothing.
class PnmReader {
 public:
  explicit PnmReader(std::span<const std::byte> bytes) : bytes_(bytes, ByteOrder::kBig), at_(2) {}

  // 1..6 of "P1".."P6"; 0 where the bytes are gone since is_pnm() saw them.
  int kind() const { return bytes_.u8(1).value_or('0') - '0'; }

  // A number after white space and comments.
  std::optional<uint32_t> number() {
    skip_space();
    std::optional<uint32_t> value;
    for (auto c = bytes_.u8(at_); c && is_digit(*c); c = bytes_.u8(++at_)) {
      if (value.value_or(0) > 100'000'000) return std::nullopt;
      value = value.value_or(0) * 10 + (*c - uint32_t{'0'});
    }
    return value;
  }

  // One '0' or '1'; P1 need not separate them.
  std::optional<uint32_t> digit() {
    skip_space();
    const auto c = bytes_.u8(at_++);
    if (c != uint8_t{'0'} && c != uint8_t{'1'}) return std::nullopt;
    return *c - uint32_t{'0'};
  }

  // The one white space between the header and raw pixels.
  bool end_header() {
    const auto c = bytes_.u8(at_++);
    return c && is_space(*c);
  }

  std::optional<uint32_t> raw(bool wide) {
    if (wide) {
      const auto value = bytes_.u16(at_);
      at_ += 2;
      return value;
    }
    return bytes_.u8(at_++);
  }

  std::optional<uint32_t> raw_bit(int x) {
    const auto byte = bytes_.u8(at_ + static_cast<size_t>(x) / 8);
    if (!byte) return std::nullopt;
    return *byte >> (7 - x % 8) & 1u;
  }
  void skip(size_t count) { at_ += count; }

  size_t left() const { return bytes_.size() - std::min(at_, bytes_.size()); }

 private:
  void skip_space() {
    for (auto c = bytes_.u8(at_); c && (is_space(*c) || *c == '#'); c = bytes_.u8(at_)) {
      if (*c == '#')
        while (c && *c != '\n' && *c != '\r') c = bytes_.u8(++at_);
      else
        ++at_;
    }
  }

  ByteView bytes_;
  size_t at_;
};

struct Header {
  int kind;  // 1..6
  int64_t width, height;
  uint32_t max_value;
  bool bits() const { return kind == 1 || kind == 4; }
  bool colour() const { return kind == 3 || kind == 6; }
  bool text() const { return kind <= 3; }
};

uint8_t to_byte(uint32_t value, uint32_t max_value) {
  if (max_value == 255) return static_cast<uint8_t>(value);
  if (max_value == kMaxValue) return static_cast<uint8_t>(value >> 8);
  return static_cast<uint8_t>((value * 255 + max_value / 2) / max_value);
}

// The next sample of a row as 0..255; nothing where the file ends or the value is over the maximum.
std::optional<uint8_t> sample(PnmReader& reader, const Header& header, int x) {
  if (header.bits()) {
    const auto bit = header.text() ? reader.digit() : reader.raw_bit(x);
    if (!bit) return std::nullopt;
    return static_cast<uint8_t>(*bit == 0 ? 255 : 0);
  }
  const auto value = header.text() ? reader.number() : reader.raw(header.max_value > 255);
  if (!value || *value > header.max_value) return std::nullopt;
  return to_byte(*value, header.max_value);
}

bool read_row(PnmReader& reader, const Header& header, int width, uint8_t* row) {
  for (int x = 0; x < width; ++x, row += kImageChannels)
    for (int c = 0; c < kImageChannels; ++c) {
      const auto value = c == 0 || header.colour() ? sample(reader, header, x) : row[0];
      if (!value) return false;
      row[c] = *value;
    }
  if (header.kind == 4) reader.skip((static_cast<size_t>(width) + 7) / 8);
  return true;
}

// Bytes that the pixels take at least. Requires sides within a limit.
size_t least_bytes(const Header& header) {
  const auto width = static_cast<size_t>(header.width), height = static_cast<size_t>(header.height);
  const size_t samples = width * height * (header.colour() ? kImageChannels : 1);
  if (header.kind == 4) return (width + 7) / 8 * height;
  if (header.kind == 1) return samples;
  if (header.text()) return 2 * samples - 1;  // a digit each, and white space between them
  return header.max_value > 255 ? 2 * samples : samples;
}

std::optional<Header> read_header(PnmReader& reader) {
  const int kind = reader.kind();
  const auto width = reader.number(), height = reader.number();
  if (!width || !height) return std::nullopt;
  Header header{kind, *width, *height, 1};
  if (!header.bits()) {
    const auto max_value = reader.number();
    if (!max_value || *max_value < 1 || *max_value > kMaxValue) return std::nullopt;
    header.max_value = *max_value;
  }
  if (!header.text() && !reader.end_header()) return std::nullopt;
  return header;
}

}  // namespace

bool is_pnm(std::span<const std::byte> bytes) {
  const ByteView view(bytes);
  const auto kind = view.u8(1), space = view.u8(2);
  return view.starts_with("P") && kind && *kind >= '1' && *kind <= '6' && space &&
         (is_space(*space) || *space == '#');
}

Result<DecodedPicture> decode_pnm(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  PnmReader reader(bytes);
  const auto header = read_header(reader);
  if (!header) return input_error("the header is damaged");
  SHRIKE_TRY(check_picture_size(header->width, header->height, limits));
  // Before allocating: a few bytes can claim any size.
  if (reader.left() < least_bytes(*header))
    return input_error("the picture is truncated: rows are missing");
  SHRIKE_ASSIGN(Image image, allocate_picture(header->width, header->height, limits));
  for (int y = 0; y < image.height(); ++y)
    if (!read_row(reader, *header, image.width(), image.row(y)))
      return input_error("the picture is truncated or damaged in row " + std::to_string(y));
  return DecodedPicture{std::move(image), kUpright};
}

Result<PictureHeader> pnm_header(FileWindow& file) {
  constexpr size_t kWithComments = 65536;
  PnmReader reader(file.bytes(0, kWithComments));
  const auto header = read_header(reader);
  if (!header) return input_error("the header is damaged");
  return PictureHeader{header->width, header->height, kUpright};
}

}  // namespace shrike
