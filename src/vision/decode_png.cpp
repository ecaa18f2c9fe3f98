#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "vision/byte_view.h"
#include "vision/codec.h"

namespace shrike {

namespace {

constexpr size_t kMessageBytes = 256;
// Of a profile or EXIF, unpacked; pixels are not counted.
constexpr size_t kMostChunkBytes = size_t{4} << 20;
// Bytes that deflate can make of one: 258 for two bits (RFC 1951).
constexpr double kMostUnpacked = 1032;

// The file up to the first chunk that claims more bytes than there are: libpng would allocate up to
// 2 GiB for one before it finds out.
std::span<const std::byte> whole_chunks(std::span<const std::byte> bytes) {
  constexpr size_t kSignature = 8, kLengthAndType = 8, kChecksum = 4;
  const ByteView view(bytes, ByteOrder::kBig);
  size_t at = kSignature;
  while (const auto length = view.u32(at)) {
    const size_t size = kLengthAndType + *length + kChecksum;
    if (!view.holds(at, size)) break;
    at += size;
  }
  return bytes.first(std::min(at, bytes.size()));
}

// Methods return false after an error, with message() set. libpng reports errors by calling
// on_error, which jumps back into the method that is running; none of them holds an object with
// a destructor.
class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> bytes) : rest_(whole_chunks(bytes)) {}
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  bool read_header() {
    png_ = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, this, on_error, on_warning, this,
                                    on_allocate, on_free);
    if (png_ == nullptr) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_chunk_malloc_max(png_, kMostChunkBytes);
    // libpng's number for none: texts are not kept, a thousand of which could take gigabytes.
    png_set_chunk_cache_max(png_, 1);
    png_set_read_fn(png_, this, on_read);
    png_read_info(png_, info_);
    return true;
  }

  // After read_header, with one pointer a row to 3 bytes a pixel.
  bool read_rows(png_bytepp rows) {
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_expand(png_);  // palettes to RGB, 1, 2 and 4 bits to 8, a transparent colour to alpha
    png_set_strip_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != static_cast<size_t>(width()) * kImageChannels)
      png_error(png_, "unexpected pixel format");
    png_read_image(png_, rows);
    return true;
  }

  // What follows the pixels: EXIF may. Damage there does not matter any more.
  void read_end() {
    if (setjmp(png_jmpbuf(png_))) return;
    png_read_end(png_, info_);
  }

  // Bytes of the file's own pixels, unpacked.
  double pixel_bytes() const {
    return static_cast<double>(png_get_rowbytes(png_, info_)) * static_cast<double>(height());
  }

  int64_t width() const { return png_get_image_width(png_, info_); }
  int64_t height() const { return png_get_image_height(png_, info_); }
  const char* message() const { return message_; }
  bool ran_out_of_memory() const { return ran_out_of_memory_; }

  int orientation() {
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_bytep block = nullptr;
    // One that is larger png_header does not read either.
    if (png_get_eXIf_1(png_, info_, &size, &block) != 0 && size <= kMostChunkBytes)
      return exif_orientation({reinterpret_cast<const std::byte*>(block), size});
#endif
    return kUpright;
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto& reader = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(reader.message_, kMessageBytes, "%s", text);
    png_longjmp(png, 1);
  }

  static void on_warning(png_structp, png_const_charp) {}

  static void on_read(png_structp png, png_bytep out, size_t count) {
    auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader.rest_.size()) png_error(png, "the file ends early");
    std::memcpy(out, reader.rest_.data(), count);
    reader.rest_ = reader.rest_.subspan(count);
  }

  static png_voidp on_allocate(png_structp png, png_alloc_size_t bytes) {
    void* const memory = std::malloc(bytes);
    if (memory == nullptr) static_cast<PngReader*>(png_get_mem_ptr(png))->ran_out_of_memory_ = true;
    return memory;
  }

  static void on_free(png_structp, png_voidp memory) { std::free(memory); }

  std::span<const std::byte> rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char message_[kMessageBytes] = "";
  bool ran_out_of_memory_ = false;
};

Error failed(const PngReader& reader) {
  if (reader.ran_out_of_memory()) return no_memory_for_picture();
  return input_error(std::string("the picture is truncated or damaged: ") + reader.message());
}

}  // namespace

bool is_png(std::span<const std::byte> bytes) {
  return ByteView(bytes).starts_with("\x89PNG\r\n\x1A\n");
}

Result<DecodedPicture> decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  PngReader reader(bytes);
  if (!reader.read_header()) return failed(reader);
  SHRIKE_TRY(check_picture_size(reader.width(), reader.height(), limits));
  // Before allocating: a few bytes can claim any size.
  if (reader.pixel_bytes() > kMostUnpacked * static_cast<double>(bytes.size()))
    return input_error("the picture is truncated: rows are missing");
  SHRIKE_ASSIGN(Image image, allocate_picture(reader.width(), reader.height(), limits));
  std::vector<png_bytep> rows;
  rows.reserve(static_cast<size_t>(image.height()));
  for (int y = 0; y < image.height(); ++y) rows.push_back(image.row(y));
  if (!reader.read_rows(rows.data())) return failed(reader);
  reader.read_end();
  return DecodedPicture{std::move(image), reader.orientation()};
}

Result<PictureHeader> png_header(FileWindow& file) {
  const ByteView start(file.bytes(0, 24), ByteOrder::kBig);
  const auto width = start.u32(16), height = start.u32(20);
  if (!width || !height || !start.starts_with("IHDR", 12))
    return input_error("the picture is truncated or damaged: no header");
  PictureHeader header{*width, *height, kUpright};
  // The orientation may follow the pixels.
  for (uint64_t at = 8;;) {
    const ByteView chunk(file.bytes(at, 8), ByteOrder::kBig);
    const auto length = chunk.u32(0);
    if (!length || chunk.size() < 8) return header;
    if (chunk.starts_with("eXIf", 4)) {
      if (*length <= kMostChunkBytes)
        header.orientation = exif_orientation(file.bytes(at + 8, *length));
      return header;
    }
    at += 12 + uint64_t{*length};
  }
}

}  // namespace shrike
