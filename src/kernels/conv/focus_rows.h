// Rows of a picture as focus.h wants them: pixels of 12 channels, each four of the picture.
//   channel 6 p + 2 c + q of pixel X of a row from (y, x) on is channel c of pixel (y + p, x + 2 X
//   + q)
#pragma once

#include "kernels/conv/picture.h"

namespace shrike::kernels {

inline constexpr int64_t kFocusChannels = 12;
inline constexpr int64_t kFocusBlock = 8;  // pixels that are put together at once

// What one instruction set has for whole blocks. target: kFocusBlock * kFocusChannels floats a
// block, aligned to a vector.
struct FocusBlocks {
  // planes[3 p + c][2 X + q]
  void (*of_planes)(const float* const (&planes)[6], int64_t blocks, float* target);
  // rows[p][6 X + 3 q + c]
  void (*of_pixels)(const float* const (&rows)[2], int64_t blocks, float* target);
};

// A picture and its size, outside of which there are zeros.
struct FocusPicture {
  Picture picture;
  int64_t height, width;
};

// `blocks` of them from row y and column x of the picture on, which may lie outside.
void read_focus_row(const FocusBlocks& function, const FocusPicture& input, int64_t y, int64_t x,
                    int64_t blocks, float* target);

}  // namespace shrike::kernels
