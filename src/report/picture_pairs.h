// Pictures of a report: each once with the truth and once with the predictions drawn on it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/report.h"
#include "vision/image.h"

namespace shrike {

inline constexpr int kThumbnailSide = 420;  // pixels, the longer side

// The picture with its longer side at `side` pixels: halved while that is possible, then blended,
// so that fine patterns do not flicker. Requires a picture and side >= 1.
Image thumbnail(const Image& picture, int side);

struct DrawnPictures {
  std::vector<PicturePair> pairs;  // for the page
  Image grid;                      // all of them, two a row; empty where there is none to be shown
};

// The first kMostPictures of `data`, one at a time: what stays is their thumbnails. A picture that
// cannot be read has the reason in its pair and none in the grid. Errors (kRuntime): no memory.
Result<DrawnPictures> draw_pictures(const ReportData& data);

}  // namespace shrike
