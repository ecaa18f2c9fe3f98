#include "kernels/conv/picture.h"

namespace shrike::kernels {

void read_pixels(const Picture& picture, int64_t y, int64_t count, float* target) {
  constexpr int64_t kChannels = 3;
  const float* row = picture.at(y, 0);
  for (int64_t x = 0; x < count; ++x)
    for (int64_t c = 0; c < kChannels; ++c)
      *target++ = row[x * picture.pixel + c * picture.channel];
}

}  // namespace shrike::kernels
