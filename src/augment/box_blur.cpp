#include "augment/box_blur.h"

#include <algorithm>
#include <cassert>
#include <vector>

namespace shrike {

namespace {

// out[i] = sum of in[i - side / 2 .. i + side / 2].
void sum_across(const uint8_t* in, int count, int side, uint16_t* out) {
  const auto at = [&](int i) { return in[std::clamp(i, 0, count - 1)]; };
  int sum = 0;
  for (int i = -side / 2; i <= side / 2; ++i) sum += at(i);
  for (int i = 0; i < count; ++i) {
    out[i] = static_cast<uint16_t>(sum);
    sum += at(i + side / 2 + 1) - at(i - side / 2);
  }
}

}  // namespace

void box_blur(int width, int height, int side, uint8_t* plane) {
  assert(side % 2 == 1 && side >= 1 && side <= 255);
  const auto columns = static_cast<size_t>(width);
  const auto place = [&](int y) { return static_cast<size_t>(std::clamp(y, 0, height - 1)); };
  std::vector<uint16_t> across(columns * static_cast<size_t>(height));
  for (int y = 0; y < height; ++y)
    sum_across(plane + place(y) * columns, width, side, across.data() + place(y) * columns);
  std::vector<uint32_t> sums(columns);  // of `side` rows
  const auto add = [&](int y, uint32_t sign) {
    const uint16_t* row = across.data() + place(y) * columns;
    for (size_t x = 0; x < columns; ++x) sums[x] += sign * row[x];
  };
  for (int y = -side / 2; y <= side / 2; ++y) add(y, 1);
  const auto area = static_cast<uint32_t>(side * side);
  for (int y = 0; y < height; ++y) {
    uint8_t* out = plane + place(y) * columns;
    for (size_t x = 0; x < columns; ++x) out[x] = static_cast<uint8_t>((sums[x] + area / 2) / area);
    add(y + side / 2 + 1, 1);
    add(y - side / 2, static_cast<uint32_t>(-1));
  }
}

}  // namespace shrike
