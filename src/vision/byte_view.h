// Integers at any offset of untrusted bytes: outside the bytes there is nothing, never a read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace shrike {

enum class ByteOrder { kLittle, kBig };

class ByteView {
 public:
  explicit ByteView(std::span<const std::byte> bytes, ByteOrder order = ByteOrder::kLittle)
      : bytes_(bytes), order_(order) {}

  size_t size() const { return bytes_.size(); }
  bool holds(size_t at, size_t count) const {
    return at <= bytes_.size() && count <= bytes_.size() - at;
  }

  std::optional<uint8_t> u8(size_t at) const {
    if (!holds(at, 1)) return std::nullopt;
    return static_cast<uint8_t>(bytes_[at]);
  }
  std::optional<uint16_t> u16(size_t at) const {
    if (!holds(at, 2)) return std::nullopt;
    return static_cast<uint16_t>(value(at, 2));
  }
  std::optional<uint32_t> u32(size_t at) const {
    if (!holds(at, 4)) return std::nullopt;
    return value(at, 4);
  }

  bool starts_with(std::string_view text, size_t at = 0) const {
    if (!holds(at, text.size())) return false;
    for (size_t i = 0; i < text.size(); ++i)
      if (bytes_[at + i] != static_cast<std::byte>(text[i])) return false;
    return true;
  }

 private:
  uint32_t value(size_t at, size_t count) const {
    uint32_t out = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t from = order_ == ByteOrder::kBig ? at + i : at + count - 1 - i;
      out = out << 8 | static_cast<uint32_t>(bytes_[from]);
    }
    return out;
  }

  std::span<const std::byte> bytes_;
  ByteOrder order_;
};

}  // namespace shrike
