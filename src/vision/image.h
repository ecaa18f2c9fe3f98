// Image: an 8-bit RGB picture that owns its bytes.
//
// Rows run top to bottom without padding; the bytes of a pixel are R, G, B. Every decoder gives
// one, every picture operation of this folder takes one.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shrike {

inline constexpr int kImageChannels = 3;

class Image {
 public:
  Image() = default;

  // Black. Requires width and height of at least 1, and memory for 3 * width * height bytes.
  Image(int width, int height)
      : width_(width),
        height_(height),
        bytes_(static_cast<size_t>(width) * static_cast<size_t>(height) * kImageChannels) {
    assert(width > 0 && height > 0);
  }

  int width() const { return width_; }
  int height() const { return height_; }
  bool empty() const { return bytes_.empty(); }

  size_t row_bytes() const { return static_cast<size_t>(width_) * kImageChannels; }
  uint8_t* row(int y) { return bytes_.data() + static_cast<size_t>(y) * row_bytes(); }
  const uint8_t* row(int y) const { return bytes_.data() + static_cast<size_t>(y) * row_bytes(); }
  uint8_t* pixel(int x, int y) { return row(y) + static_cast<size_t>(x) * kImageChannels; }
  const uint8_t* pixel(int x, int y) const {
    return row(y) + static_cast<size_t>(x) * kImageChannels;
  }

  std::vector<uint8_t>& bytes() { return bytes_; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

  bool operator==(const Image&) const = default;

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<uint8_t> bytes_;
};

}  // namespace shrike
