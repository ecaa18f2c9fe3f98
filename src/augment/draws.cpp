#include "augment/draws.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>

#include "augment/philox.h"

namespace shrike {

namespace {

constexpr int kMostBeta = 64;

}  // namespace

Draws::Draws(uint64_t seed, int64_t epoch, int64_t position, uint32_t scene)
    : seed_(seed),
      epoch_(static_cast<uint32_t>(epoch)),
      position_(static_cast<uint32_t>(position)),
      scene_(scene) {
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  assert(epoch >= 0 && epoch <= kMost && position >= 0 && position <= kMost && scene < 256);
  static_cast<void>(kMost);
}

Draws Draws::of_scene(uint32_t scene) const { return Draws(seed_, epoch_, position_, scene); }

double Draws::uniform(Draw what, uint32_t index) const {
  const uint32_t stream = scene_ << 8 | static_cast<uint32_t>(what);
  const auto bits = philox4x32({index, stream, position_, epoch_},
                               {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
  const uint64_t whole = static_cast<uint64_t>(bits[1]) << 32 | bits[0];
  return static_cast<double>(whole >> 11) * 0x1p-53;
}

double Draws::between(double from, double to, Draw what, uint32_t index) const {
  return from + (to - from) * uniform(what, index);
}

int64_t Draws::below(int64_t count, Draw what, uint32_t index) const {
  assert(count >= 1);
  const auto drawn = static_cast<int64_t>(uniform(what, index) * static_cast<double>(count));
  return std::min(drawn, count - 1);  // the product may be rounded up
}

bool Draws::happens(double probability, Draw what) const { return uniform(what) < probability; }

double Draws::beta(int n, Draw what) const {
  assert(n >= 1 && n <= kMostBeta);
  std::array<double, 2 * kMostBeta - 1> drawn;
  const auto end = drawn.begin() + (2 * n - 1);
  uint32_t index = 0;
  std::generate(drawn.begin(), end, [&] { return uniform(what, index++); });
  const auto middle = drawn.begin() + (n - 1);
  std::nth_element(drawn.begin(), middle, end);
  return *middle;
}

}  // namespace shrike
