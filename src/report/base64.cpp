#include "report/base64.h"

#include <algorithm>
#include <cstdint>

namespace shrike {

std::string base64(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const size_t count = std::min<size_t>(bytes.size(), 3);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<uint32_t>(bytes[i]) : 0);
    for (size_t i = 0; i < 4; ++i) out += i <= count ? kDigits[group >> (18 - 6 * i) & 63] : '=';
    bytes = bytes.subspan(count);
  }
  return out;
}

}  // namespace shrike
