#include <png.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>

#include "vision/encode.h"

namespace shrike {

namespace {

constexpr int kMostSide = PNG_USER_WIDTH_MAX;  // libpng's own limit, for writing as for reading
constexpr size_t kMessageBytes = 256;

// write() holds no object with a destructor: libpng jumps back into it on an error.
class PngWriter {
 public:
  PngWriter() = default;
  PngWriter(const PngWriter&) = delete;
  PngWriter& operator=(const PngWriter&) = delete;
  ~PngWriter() { png_destroy_write_struct(&png_, &info_); }

  bool write(const Image& image) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_))) return false;
    png_set_write_fn(png_, this, on_write, nullptr);
    png_set_IHDR(png_, info_, static_cast<png_uint_32>(image.width()),
                 static_cast<png_uint_32>(image.height()), 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (int y = 0; y < image.height(); ++y) png_write_row(png_, image.row(y));
    png_write_end(png_, nullptr);
    return true;
  }

  std::vector<std::byte> take() { return std::move(bytes_); }
  const char* message() const { return message_; }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    auto& writer = *static_cast<PngWriter*>(png_get_error_ptr(png));
    std::snprintf(writer.message_, kMessageBytes, "%s", text);
    png_longjmp(png, 1);
  }

  static void on_warning(png_structp, png_const_charp) {}

  static void on_write(png_structp png, png_bytep data, size_t count) {
    auto& writer = *static_cast<PngWriter*>(png_get_io_ptr(png));
    if (!writer.append(reinterpret_cast<const std::byte*>(data), count))
      png_error(png, "out of memory");
  }

  // No exception may cross the frames of libpng.
  bool append(const std::byte* data, size_t count) {
    try {
      bytes_.insert(bytes_.end(), data, data + count);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::vector<std::byte> bytes_;
  char message_[kMessageBytes] = "out of memory";
};

}  // namespace

Result<std::vector<std::byte>> encode_png(const Image& image) {
  assert(!image.empty());
  if (std::max(image.width(), image.height()) > kMostSide)
    return input_error("a side of the picture is over " + std::to_string(kMostSide) +
                       " pixels, the most that PNG readers take");
  PngWriter writer;
  if (!writer.write(image))
    return runtime_error(std::string("encoding a PNG failed: ") + writer.message());
  return writer.take();
}

}  // namespace shrike
