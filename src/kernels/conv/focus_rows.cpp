#include "kernels/conv/focus_rows.h"

#include <algorithm>

#include "kernels/sizes.h"

namespace shrike::kernels {

namespace {

constexpr int64_t kColours = 3, kWide = 2 * kFocusBlock;  // of the picture, a block

// Blocks that lie in the picture.
void read_inside(const FocusBlocks& function, const Picture& picture, int64_t y, int64_t x,
                 int64_t blocks, float* target) {
  const float *even = picture.at(y, x), *odd = picture.at(y + 1, x);
  if (picture.pixel == 1) {
    const int64_t c = picture.channel;
    function.of_planes({even, even + c, even + 2 * c, odd, odd + c, odd + 2 * c}, blocks, target);
  } else {
    function.of_pixels({even, odd}, blocks, target);
  }
}

// A block that does not, or of a picture that no function takes.
void read_copied(const FocusBlocks& function, const FocusPicture& input, int64_t y, int64_t x,
                 float* target) {
  float rows[2][kWide * kColours];
  for (int64_t p = 0; p < 2; ++p)
    read_row(input.picture, input.height, input.width, y + p, x, kWide, rows[p]);
  function.of_pixels({rows[0], rows[1]}, 1, target);
}

}  // namespace

void read_focus_row(const FocusBlocks& function, const FocusPicture& input, int64_t y, int64_t x,
                    int64_t blocks, float* target) {
  constexpr int64_t kFloats = kFocusBlock * kFocusChannels;
  const Picture& picture = input.picture;
  if (y + 1 < 0 || y >= input.height) {
    std::fill_n(target, blocks * kFloats, 0.0f);
    return;
  }
  const bool taken = (picture.pixel == 1 || (picture.channel == 1 && picture.pixel == kColours)) &&
                     y >= 0 && y + 1 < input.height;
  // Blocks [first, last) are inside.
  const int64_t first = std::min(blocks, divide_up(std::max<int64_t>(0, -x), kWide));
  const int64_t fitting = std::max<int64_t>(0, input.width - x) / kWide;
  const int64_t last = taken ? std::clamp(fitting, first, blocks) : first;
  for (int64_t b = 0; b < first; ++b)
    read_copied(function, input, y, x + b * kWide, target + b * kFloats);
  if (first < last)
    read_inside(function, picture, y, x + first * kWide, last - first, target + first * kFloats);
  for (int64_t b = last; b < blocks; ++b)
    read_copied(function, input, y, x + b * kWide, target + b * kFloats);
}

}  // namespace shrike::kernels
