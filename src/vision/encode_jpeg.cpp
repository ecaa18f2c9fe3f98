#include "vision/jpeg_errors.h"

#include <jerror.h>

#include <algorithm>
#include <new>
#include <string>

#include "vision/encode.h"

namespace shrike {

namespace {

constexpr size_t kBlockBytes = size_t{16} << 10;

// write() holds no object with a destructor: libjpeg jumps back into it on an error. Where memory
// runs out libjpeg's own destination in memory (jpeg_mem_dest) leaves behind a pointer to bytes
// that it has freed.
class JpegWriter {
 public:
  JpegWriter() {
    info_.err = jpeg_std_error(&trap_.manager);
    trap_.manager.error_exit = on_jpeg_error;
    trap_.manager.output_message = [](j_common_ptr) {};
    destination_.init_destination = on_start;
    destination_.empty_output_buffer = on_full;
    destination_.term_destination = on_end;
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
  ~JpegWriter() { jpeg_destroy_compress(&info_); }

  bool write(const Image& image, int quality) {
    if (setjmp(trap_.jump)) return false;
    jpeg_create_compress(&info_);
    info_.client_data = this;
    info_.dest = &destination_;
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

  std::vector<std::byte> take() { return std::move(bytes_); }
  const char* message() const { return trap_.message; }

 private:
  static JpegWriter& of(j_compress_ptr info) {
    return *static_cast<JpegWriter*>(info->client_data);
  }

  static void on_start(j_compress_ptr info) { of(info).empty_block(); }

  // Called with the block full, whatever the destination's pointers say.
  static boolean on_full(j_compress_ptr info) {
    of(info).append_block(kBlockBytes);
    return TRUE;
  }

  static void on_end(j_compress_ptr info) {
    of(info).append_block(kBlockBytes - of(info).destination_.free_in_buffer);
  }

  void empty_block() {
    destination_.next_output_byte = block_;
    destination_.free_in_buffer = kBlockBytes;
  }

  void append_block(size_t count) {
    if (!append(reinterpret_cast<const std::byte*>(block_), count))
      ERREXIT1(&info_, JERR_OUT_OF_MEMORY, 0);
    empty_block();
  }

  // No exception may cross the frames of libjpeg.
  bool append(const std::byte* data, size_t count) {
    try {
      bytes_.insert(bytes_.end(), data, data + count);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  JpegErrorTrap trap_{};
  jpeg_compress_struct info_{};
  jpeg_destination_mgr destination_{};
  JOCTET block_[kBlockBytes];
  std::vector<std::byte> bytes_;
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
  return writer.take();
}

}  // namespace shrike
