#include "augment/pixel_kernels.h"

#include <algorithm>
#include <array>

#include "augment/pixel_kernels_avx2.h"

namespace shrike {

namespace {

constexpr int kOne = 1 << kWarpWeightBits;

int weight(int64_t coordinate) {
  return static_cast<int>(coordinate >> (kWarpFraction - kWarpWeightBits)) & (kOne - 1);
}

void warp(const WarpSpan& span, size_t count, PlaneRow out) {
  uint8_t* const planes[3] = {out.r, out.g, out.b};
  int64_t u = span.u, v = span.v;
  for (size_t i = 0; i < count; ++i, u += span.du, v += span.dv) {
    const int f = weight(u), h = weight(v);
    const uint8_t* p =
        span.pixels + (v >> kWarpFraction) * span.row_bytes + (u >> kWarpFraction) * 3;
    const uint8_t* q = p + span.row_bytes;
    for (int c = 0; c < 3; ++c) {
      const int upper = p[c] * (kOne - f) + p[c + 3] * f;
      const int lower = q[c] * (kOne - f) + q[c + 3] * f;
      planes[c][i] = static_cast<uint8_t>((upper * (kOne - h) + lower * h + kOne * kOne / 2) >>
                                          (2 * kWarpWeightBits));
    }
  }
}

// 0..6; 0 where there is no colour.
float hue(float r, float g, float b, float most, float chroma) {
  const float by = std::max(chroma, 1.0f);
  if (most == r) {
    const float h = (g - b) / by;
    return h < 0 ? h + 6 : h;
  }
  return most == g ? (b - r) / by + 2 : (r - g) / by + 4;
}

float wrapped(float h) { return h >= 6 ? h - 6 : h; }

uint8_t channel(float n, float h, float most, float chroma) {
  const float k = wrapped(n + h);
  const float share = std::clamp(std::min(k, 4 - k), 0.0f, 1.0f);
  return static_cast<uint8_t>(most - chroma * share + 0.5f);
}

void hsv(const HsvChange& change, size_t count, PlaneRow row) {
  const float turn = change.h < 0 ? 6 * change.h + 6 : 6 * change.h;
  for (size_t i = 0; i < count; ++i) {
    const float r = row.r[i], g = row.g[i], b = row.b[i];
    const float most = std::max({r, g, b}), chroma = most - std::min({r, g, b});
    const float saturation = chroma / std::max(most, 1.0f);
    const float h = wrapped(hue(r, g, b, most, chroma) + turn);
    const float new_most = std::min(most * change.v, 255.0f);
    const float new_chroma = new_most * std::min(saturation * change.s, 1.0f);
    row.r[i] = channel(5, h, new_most, new_chroma);
    row.g[i] = channel(3, h, new_most, new_chroma);
    row.b[i] = channel(1, h, new_most, new_chroma);
  }
}

bool always() { return true; }

constexpr PixelKernels kReference = {"reference", always, warp, hsv};

#if SHRIKE_AUGMENT_AVX2
constexpr std::array kAllPixelKernels = {kPixelKernelsAvx2, kReference};
#else
constexpr std::array kAllPixelKernels = {kReference};
#endif

}  // namespace

std::span<const PixelKernels> all_pixel_kernels() { return kAllPixelKernels; }

const PixelKernels& pixel_kernels() {
  static const PixelKernels& chosen =
      *std::find_if(kAllPixelKernels.begin(), kAllPixelKernels.end(),
                    [](const PixelKernels& kernels) { return kernels.supported(); });
  return chosen;
}

}  // namespace shrike
