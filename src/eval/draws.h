// Which pictures a bootstrap draws: as many as there are, with replacement.
//
// The generator is written out here, so that a seed gives the same draws on every machine:
// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"), one
// stream a draw, and Lemire's multiplication for numbers below a bound (2019, "Fast random integer
// generation in an interval").
#pragma once

#include <cstdint>

namespace shrike {

class RandomStream {
 public:
  // Streams of different numbers have nothing to do with one another.
  RandomStream(uint64_t seed, uint64_t number) : state_(mix(mix(seed) + number)) {}

  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    return mix(state_);
  }

  // 0 .. bound - 1, each as likely. Requires bound > 0.
  uint32_t below(uint32_t bound) {
    const uint32_t uneven = (0u - bound) % bound;  // 2^32 modulo bound: as many are drawn again
    uint64_t product;
    do product = (next() >> 32) * bound;
    while (static_cast<uint32_t>(product) < uneven);
    return static_cast<uint32_t>(product >> 32);
  }

 private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }

  uint64_t state_;
};

// Calls take(picture) `count` times. Draw `number` of `seed` is always the same.
template <typename Take>
void draw_pictures(uint64_t seed, uint64_t number, uint32_t count, const Take& take) {
  RandomStream stream(seed, number);
  for (uint32_t i = 0; i < count; ++i) take(stream.below(count));
}

}  // namespace shrike
