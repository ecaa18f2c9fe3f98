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

// `count` floats that are `step` apart from column x on, zeros outside of the row.
void copy_plane(const float* row, int64_t step, int64_t width, int64_t x, float* target) {
  for (int64_t i = 0; i < kWide; ++i)
    target[i] = x + i >= 0 && x + i < width ? row[(x + i) * step] : 0.0f;
}

// A block that does not, or of a picture that no function takes.
void read_copied(const FocusBlocks& function, const FocusPicture& input, int64_t y, int64_t x,
                 float* target) {
  float planes[2 * kColours][kWide];
  for (int64_t p = 0; p < 2; ++p)
    for (int64_t c = 0; c < kColours; ++c) {
      float* plane = planes[kColours * p + c];
      if (y + p < 0 || y + p >= input.height) {
        std::fill_n(plane, kWide, 0.0f);
      } else {
        copy_plane(input.picture.at(y + p, 0) + c * input.picture.channel, input.picture.pixel,
                   input.width, x, plane);
      }
    }
  function.of_planes({planes[0], planes[1], planes[2], planes[3], planes[4], planes[5]}, 1, target);
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
