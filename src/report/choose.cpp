#include "report/choose.h"

#include <algorithm>
#include <numeric>

namespace shrike {

namespace {

// SplitMix64 (Steele, Lea and Flood 2014): the same numbers with every library.
class Generator {
 public:
  explicit Generator(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  // 0 .. count - 1; the bias of the remainder is below count / 2^64.
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }

 private:
  uint64_t state_;
};

}  // namespace

std::vector<size_t> choose_pictures(std::span<const uint32_t> mistakes, size_t limit,
                                    uint64_t seed) {
  std::vector<size_t> order(mistakes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return mistakes[a] > mistakes[b]; });
  limit = std::min(limit, order.size());
  size_t worst = 0;
  while (worst < (3 * limit + 3) / 4 && mistakes[order[worst]] > 0) ++worst;

  // The rest: the start of a shuffle (Fisher and Yates) of those that are left.
  Generator generator(seed);
  std::sort(order.begin() + static_cast<ptrdiff_t>(worst), order.end());
  for (size_t i = worst; i < limit; ++i)
    std::swap(order[i], order[i + generator.below(order.size() - i)]);
  order.resize(limit);
  std::sort(order.begin() + static_cast<ptrdiff_t>(worst), order.end());
  return order;
}

}  // namespace shrike
