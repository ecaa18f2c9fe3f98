// Bilinear resizing, to the bit what OpenCV's cv::resize(INTER_LINEAR) gives for 8-bit pictures:
// the preprocessing the YOLO families were trained with.
//
// Pixel centres lie at half coordinates: output column x reads the source at
// (x + 0.5) * (source_width / width) - 0.5. No smoothing when shrinking, as there.
//  - weights are rounded to 1/2048; columns are blended first, then rows:
//    ((u * (a >> 4)) >> 16) + ((v * (b >> 4)) >> 16) + 2 >> 2 with a, b scaled by 2048;
//  - columns outside the picture repeat its edge;
//  - halving both sides exactly averages 2x2 pixels (sum + 2 >> 2);
//  - the same size is a copy.
// Checked against OpenCV 4.14 and 5.0 (modules/imgproc/src/resize.cpp describes the method).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vision/image.h"
#include "vision/row_kernels.h"

namespace shrike {

// Requires a picture, and sizes of at least 1.
Image resize(const Image& source, int width, int height);

// The same, a row at a time: no second picture is held. Rows may be asked for in any order; in
// rising order each source row is blended once. `source` must outlive it.
class ResizedRows {
 public:
  ResizedRows(const Image& source, int width, int height,
              const RowKernels& kernels = row_kernels());

  // Row `y` of the resized picture, 3 * width bytes; valid until the next call.
  const uint8_t* row(int y);

 private:
  enum class Method { kCopy, kHalve, kBlend };

  struct RowTap {
    int upper = 0, lower = 0;  // rows of the source
    int16_t upper_weight = 0, lower_weight = 0;
  };

  // A source row with its columns blended; `source_row` is -1 while there is none.
  struct BlendedRow {
    int source_row = -1;
    std::vector<int16_t> values;
  };

  const uint8_t* halved_row(int y);
  const uint8_t* blended_row(int y);
  const int16_t* blend_columns(int source_row, int other);

  const Image& source_;
  const RowKernels& kernels_;
  Method method_;
  size_t out_bytes_;
  std::vector<ColumnTap> columns_;
  std::vector<RowTap> rows_;
  BlendedRow cache_[2];
  std::vector<uint8_t> out_;
};

}  // namespace shrike
