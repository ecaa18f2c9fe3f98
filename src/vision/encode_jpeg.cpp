#include <algorithm>
#include <cstdlib>
#include <string>

#include "vision/encode.h"
#include "vision/jpeg_errors.h"

namespace shrike {

namespace {

// write() holds no object with a destructor: libjpeg jumps back into it on an error.
class JpegWriter {
 public:
  JpegWriter() {
    info_.err = jpeg_std_error(&trap_.manager);
    trap_.manager.error_exit = on_jpeg_error;
    trap_.manager.output_message = [](j_common_ptr) {};
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }

  bool write(const Image& image, int quality) {
    if (setjmp(trap_.jump)) return false;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &bytes_, &size_);
    info_.image_width = static_cast<JDIMENSION>(image.width());
    info_.image_height = static_cast<JDIMENSION>(image.height());
    info_.input_components = kImageChannels;
    info_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    for (int y = 0; y < image.height(); ++y) {
      JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }

  std::vector<std::byte> bytes() const {
    const auto* begin = reinterpret_cast<const std::byte*>(bytes_);
    return {begin, begin + size_};
  }
  const char* message() const { return trap_.message; }

 private:
  JpegErrorTrap trap_{};
  jpeg_compress_struct info_{};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

Result<std::vector<std::byte>> encode_jpeg(const Image& image, int quality) {
  assert(!image.empty() && quality >= 1 && quality <= 100);
  if (std::max(image.width(), image.height()) > JPEG_MAX_DIMENSION)
    return input_error("a side of the picture is over " + std::to_string(JPEG_MAX_DIMENSION) +
                       " pixels, the most that a JPEG can have");
  JpegWriter writer;
  if (!writer.write(image, quality))
    return runtime_error(std::string("encoding a JPEG failed: ") + writer.message());
  return writer.bytes();
}

}  // namespace shrike
