#include "augment/philox.h"

namespace shrike {

namespace {

constexpr int kRounds = 10;
constexpr uint64_t kFactor0 = 0xD2511F53, kFactor1 = 0xCD9E8D57;
constexpr uint32_t kStep0 = 0x9E3779B9, kStep1 = 0xBB67AE85;  // of the key, a round

uint32_t high(uint64_t x) { return static_cast<uint32_t>(x >> 32); }
uint32_t low(uint64_t x) { return static_cast<uint32_t>(x); }

}  // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t a = kFactor0 * counter[0], b = kFactor1 * counter[2];
    counter = {high(b) ^ counter[1] ^ key[0], low(b), high(a) ^ counter[3] ^ key[1], low(a)};
    key[0] += kStep0;
    key[1] += kStep1;
  }
  return counter;
}

}  // namespace shrike
