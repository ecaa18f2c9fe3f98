#include "vision/jpeg_errors.h"

#include <jerror.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "vision/byte_view.h"
#include "vision/codec.h"

namespace shrike {

namespace {

// A file of some kilobytes can hold thousands of scans that each walk over the whole picture.
constexpr int kMaxScans = 100;  // encoders write about ten

// Warnings that mean missing or wrong pixels are errors; the rest (stray bytes between segments,
// odd version numbers) does no harm.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  JpegErrorTrap& trap = jpeg_trap_of(info);
  switch (trap.manager.msg_code) {
    case JWRN_JPEG_EOF:
      trap.reached_end = true;
      return;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      on_jpeg_error(info);
    default:
      return;
  }
}

void on_progress(j_common_ptr info) {
  const auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number <= kMaxScans) return;
  JpegErrorTrap& trap = jpeg_trap_of(info);
  std::snprintf(trap.message, sizeof trap.message, "more than %d scans", kMaxScans);
  std::longjmp(trap.jump, 1);
}

int next_byte(j_decompress_ptr info) {
  jpeg_source_mgr& source = *info->src;
  if (source.bytes_in_buffer == 0) source.fill_input_buffer(info);
  --source.bytes_in_buffer;
  return *source.next_input_byte++;
}

// Reads the first EXIF block into the reader's orientation. libjpeg's own list of saved markers
// takes time by the square of their number.
boolean on_app1(j_decompress_ptr info) {
  const int high = next_byte(info);
  const auto length = static_cast<size_t>(high << 8 | next_byte(info));
  if (length < 2) return TRUE;
  const jpeg_source_mgr& source = *info->src;
  const size_t there = std::min(length - 2, source.bytes_in_buffer);
  const std::span block(reinterpret_cast<const std::byte*>(source.next_input_byte), there);
  auto& orientation = *static_cast<std::optional<int>*>(info->client_data);
  if (!orientation && ByteView(block).starts_with("Exif")) orientation = exif_orientation(block);
  info->src->skip_input_data(info, static_cast<long>(length - 2));
  return TRUE;
}

// Methods return false after an error, with message() set. None of them holds an object with a
// destructor, so that jumping out of libjpeg into them skips nothing.
class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&trap_.manager);
    trap_.manager.error_exit = on_jpeg_error;
    trap_.manager.emit_message = on_message;
    progress_.progress_monitor = on_progress;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info_); }

  bool read_header(std::span<const std::byte> bytes) {
    if (setjmp(trap_.jump)) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    info_.client_data = &orientation_;
    jpeg_set_marker_processor(&info_, JPEG_APP0 + 1, on_app1);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  // After read_header. Rows will have 3 bytes a pixel, or 4 for pictures in CMYK.
  bool start() {
    if (setjmp(trap_.jump)) return false;
    info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info_);
    return true;
  }

  bool read_row(uint8_t* row) {
    if (setjmp(trap_.jump)) return false;
    JSAMPROW rows[] = {row};
    return jpeg_read_scanlines(&info_, rows, 1) == 1;
  }

  int64_t width() const { return info_.image_width; }
  int64_t height() const { return info_.image_height; }
  bool is_cmyk() const { return info_.num_components == 4; }
  const char* message() const { return trap_.message; }
  bool ran_out_of_memory() const { return trap_.manager.msg_code == JERR_OUT_OF_MEMORY; }

  // A picture sent in several scans is complete only when its end marker was seen; one sent in a
  // single scan is complete when its last row is. Of arithmetic coding libjpeg takes what is
  // missing for zeros and says nothing.
  bool lacks_data() {
    return trap_.reached_end && (jpeg_has_multiple_scans(&info_) || info_.arith_code);
  }

  int orientation() const { return orientation_.value_or(kUpright); }

 private:
  JpegErrorTrap trap_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
  std::optional<int> orientation_;
};

// Adobe stores CMYK inverted: 255 is no ink. Rounds down as OpenCV does.
void cmyk_to_rgb(const uint8_t* cmyk, int width, uint8_t* rgb) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const int black = cmyk[3];
    for (int c = 0; c < 3; ++c)
      rgb[c] = static_cast<uint8_t>(black - ((255 - cmyk[c]) * black >> 8));
  }
}

bool read_rows(JpegReader& reader, Image& image) {
  std::vector<uint8_t> cmyk(reader.is_cmyk() ? static_cast<size_t>(image.width()) * 4 : 0);
  for (int y = 0; y < image.height(); ++y) {
    if (!reader.read_row(reader.is_cmyk() ? cmyk.data() : image.row(y))) return false;
    if (reader.is_cmyk()) cmyk_to_rgb(cmyk.data(), image.width(), image.row(y));
  }
  return true;
}

constexpr uint8_t kStartOfScan = 0xDA, kEndOfImage = 0xD9;
constexpr uint64_t kMostHeaderBytes = uint64_t{16} << 20;

// Markers that stand alone: a stuffed zero, TEM, restarts, the start of the image.
bool has_length(uint8_t code) {
  return code != 0x00 && code != 0x01 && !(code >= 0xD0 && code <= 0xD8);
}

// SOF0 to SOF15 without the tables whose codes lie between them.
bool is_frame(uint8_t code) {
  return code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC;
}

Error damaged(const std::string& why) {
  return input_error("the picture is truncated or damaged: " + why);
}

Error failed(const JpegReader& reader) {
  return reader.ran_out_of_memory() ? no_memory_for_picture() : damaged(reader.message());
}

}  // namespace

bool is_jpeg(std::span<const std::byte> bytes) {
  return ByteView(bytes).starts_with("\xFF\xD8\xFF");
}

Result<DecodedPicture> decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  JpegReader reader;
  if (!reader.read_header(bytes)) return failed(reader);
  SHRIKE_ASSIGN(Image image, allocate_picture(reader.width(), reader.height(), limits));
  if (!reader.start() || !read_rows(reader, image)) return failed(reader);
  if (reader.lacks_data()) return damaged("the file ends before its end marker");
  return DecodedPicture{std::move(image), reader.orientation()};
}

Result<PictureHeader> jpeg_header(FileWindow& file) {
  PictureHeader header;
  bool oriented = false;
  // What lies before the frame header is small: an EXIF block, a colour profile.
  const uint64_t end = std::min<uint64_t>(file.size(), kMostHeaderBytes);
  for (uint64_t at = 2; at < end;) {
    const ByteView marker(file.bytes(at, 9), ByteOrder::kBig);
    if (marker.u8(0) != uint8_t{0xFF} || marker.u8(1) == uint8_t{0xFF}) {
      ++at;  // stray bytes, as libjpeg skips them, and padding
      continue;
    }
    const auto code = marker.u8(1);
    if (!code || *code == kEndOfImage || *code == kStartOfScan) break;
    if (!has_length(*code)) {
      at += 2;
      continue;
    }
    const auto length = marker.u16(2), height = marker.u16(5), width = marker.u16(7);
    if (!length) break;
    // A length that does not count itself: libjpeg goes on behind it, but for a frame.
    const size_t block_size = std::max<size_t>(*length, 2) - 2;
    if (is_frame(*code)) {
      if (!height || !width) break;
      header.width = *width;
      header.height = *height;
      return header;
    }
    if (*code == JPEG_APP0 + 1 && !oriented) {
      const auto block = file.bytes(at + 4, block_size);
      oriented = ByteView(block).starts_with("Exif");
      if (oriented) header.orientation = exif_orientation(block);
    }
    at += 4 + block_size;
  }
  return damaged("no frame header");
}

}  // namespace shrike
