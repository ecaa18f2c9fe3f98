#include "copies.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace shrike::mutations {

namespace {

// What describes the rest lies at the beginning or the end of most formats.
constexpr size_t kTellingBytes = 2048;

class Damage {
 public:
  Damage(const std::string& whole, std::mt19937& random) : copy_(whole), random_(random) {}

  std::string make() {
    switch (pick(5)) {
      case 0:
        flip_bits();
        break;
      case 1:
        copy_.resize(place());
        break;
      case 2:
        splice();
        break;
      case 3:
        copy_.erase(place(), 1 + pick(64));
        break;
      default:
        set_length();
    }
    return std::move(copy_);
  }

 private:
  size_t pick(size_t below) { return random_() % below; }

  size_t place() {
    const size_t ends = std::min(copy_.size(), kTellingBytes);
    switch (pick(4)) {
      case 0:
        return pick(ends);
      case 1:
        return copy_.size() - 1 - pick(ends);
      default:
        return pick(copy_.size());
    }
  }

  void flip_bits() {
    for (size_t i = 0; i <= pick(8); ++i) copy_[place()] ^= static_cast<char>(1 << pick(8));
  }

  void splice() {
    const size_t from = place(), to = place();
    const size_t size = std::min({1 + pick(64), copy_.size() - from, copy_.size() - to});
    std::memmove(copy_.data() + to, copy_.data() + from, size);
  }

  void set_length() {
    static constexpr uint32_t kLengths[] = {0,          1,          0x7F,       0xFF,
                                            0xFFFF,     0x10000,    0x7FFFFFFF, 0x80000000,
                                            0xFFFFFFFF, 0x01000000, 0xFFFFFF7F};
    const uint32_t length = kLengths[pick(std::size(kLengths))];
    const size_t at = place(), size = std::min(sizeof length, copy_.size() - at);
    std::memcpy(copy_.data() + at, &length, size);
  }

  std::string copy_;
  std::mt19937& random_;
};

}  // namespace

std::string damaged(const std::string& whole, std::mt19937& random) {
  return Damage(whole, random).make();
}

}  // namespace shrike::mutations
