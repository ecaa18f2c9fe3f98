#include "vision/bmp_rle.h"

namespace shrike {

namespace {

class RleDecoder {
 public:
  RleDecoder(ByteView data, int bits, int width, int height)
      : data_(data),
        bits_(bits),
        width_(width),
        height_(height),
        indices_(static_cast<size_t>(width) * static_cast<size_t>(height)) {}

  // True at the end of the picture, false on damage.
  bool run() {
    while (!done_) {
      const auto count = data_.u8(at_), value = data_.u8(at_ + 1);
      if (!count || !value) return false;
      at_ += 2;
      if (*count > 0 ? !write_run(*count, *value) : !escape(*value)) return false;
    }
    return true;
  }

  std::vector<uint8_t> take() { return std::move(indices_); }

 private:
  // The i-th index held in a byte: one of 8 bits, or the upper and lower half in turn.
  uint8_t index_of(uint8_t byte, int i) const {
    if (bits_ == 8) return byte;
    return i % 2 == 0 ? static_cast<uint8_t>(byte >> 4) : static_cast<uint8_t>(byte & 15);
  }

  // The next `count` pixels of the row. Those right of the picture are dropped: some writers pad
  // the last run of a row.
  bool put(int count, const auto& index) {
    if (y_ >= height_) return false;
    uint8_t* const row = indices_.data() + static_cast<size_t>(y_) * static_cast<size_t>(width_);
    for (int i = 0; i < count && x_ < width_; ++i) row[x_++] = index(i);
    return true;
  }

  bool write_run(int count, uint8_t byte) {
    return put(count, [&](int i) { return index_of(byte, i); });
  }

  bool escape(uint8_t code) {
    switch (code) {
      case 0:
        x_ = 0;
        ++y_;
        return true;
      case 1:
        done_ = true;
        return true;
      case 2:
        return move();
      default:
        return write_literals(code);
    }
  }

  bool move() {
    const auto right = data_.u8(at_), down = data_.u8(at_ + 1);
    if (!right || !down) return false;
    at_ += 2;
    x_ += *right;
    y_ += *down;
    return x_ <= width_ && y_ <= height_;
  }

  bool write_literals(int count) {
    const size_t bytes = (static_cast<size_t>(count) * static_cast<size_t>(bits_) + 7) / 8;
    if (!data_.holds(at_, bytes)) return false;
    const size_t from = at_;
    at_ += bytes + bytes % 2;  // literals end on an even byte
    return put(count, [&](int i) {
      const size_t byte = static_cast<size_t>(i) * static_cast<size_t>(bits_) / 8;
      return index_of(*data_.u8(from + byte), i);
    });
  }

  ByteView data_;
  size_t at_ = 0;
  int bits_, width_, height_;
  int x_ = 0, y_ = 0;
  bool done_ = false;
  std::vector<uint8_t> indices_;
};

}  // namespace

std::optional<std::vector<uint8_t>> decode_bmp_rle(ByteView data, int bits, int width, int height) {
  RleDecoder decoder(data, bits, width, height);
  if (!decoder.run()) return std::nullopt;
  return decoder.take();
}

}  // namespace shrike
