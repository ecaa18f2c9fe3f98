// Chunks for tests that write PNG files of their own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shrike::testing {

inline std::string big_endian(uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 255);
  return out;
}

// CRC-32 as chunks end with (PNG specification, annex D).
inline std::string png_checksum(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return big_endian(~crc);
}

// `type` has four letters.
inline std::string png_chunk(const std::string& type, const std::string& data) {
  return big_endian(static_cast<uint32_t>(data.size())) + type + data + png_checksum(type + data);
}

}  // namespace shrike::testing
