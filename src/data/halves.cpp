#include "data/halves.h"

#include <bit>
#include <cstdint>

namespace shrike {

bool in_first_half(const std::filesystem::path& picture) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : picture.stem().string()) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3;
  }
  return std::popcount(hash) % 2 == 0;
}

}  // namespace shrike
