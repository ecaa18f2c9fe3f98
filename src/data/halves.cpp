#include "data/halves.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

namespace shrike {

namespace {

uint64_t name_hash(const std::filesystem::path& picture) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : picture.stem().string()) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

// Similar names have hashes that are near each other; these are not.
uint64_t mixed(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace

bool in_first_half(const std::filesystem::path& picture) {
  return std::popcount(name_hash(picture)) % 2 == 0;
}

std::vector<bool> held_out(const std::vector<std::filesystem::path>& pictures, double share) {
  std::vector<std::pair<uint64_t, size_t>> order;
  for (size_t i = 0; i < pictures.size(); ++i) order.emplace_back(mixed(name_hash(pictures[i])), i);
  std::sort(order.begin(), order.end());
  const auto count =
      static_cast<size_t>(std::lround(share * static_cast<double>(pictures.size())));
  std::vector<bool> held(pictures.size(), false);
  for (size_t i = 0; i < std::min(count, order.size()); ++i) held[order[i].second] = true;
  return held;
}

}  // namespace shrike
