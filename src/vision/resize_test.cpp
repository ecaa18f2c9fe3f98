#include "vision/resize.h"

#include <algorithm>

#include "vision/golden_test.h"

namespace shrike {
namespace {

TEST(Resize, EqualsOpenCv) {
  auto file = golden::open("resize.txt");
  int w, h, out_w, out_h, cases = 0;
  uint32_t seed;
  std::string hash;
  while (file >> w >> h >> out_w >> out_h >> seed >> hash) {
    const Image out = resize(golden::noise_image(w, h, seed), out_w, out_h);
    EXPECT_EQ(golden::fnv(out), hash) << w << "x" << h << " to " << out_w << "x" << out_h;
    ++cases;
  }
  EXPECT_GT(cases, 50);
}

Image resize_with(const RowKernels& kernels, const Image& source, int width, int height) {
  Image out(width, height);
  ResizedRows rows(source, width, height, kernels);
  // Backwards: the cache of rows must not depend on the order.
  for (int y = height - 1; y >= 0; --y) std::copy_n(rows.row(y), out.row_bytes(), out.row(y));
  return out;
}

TEST(Resize, EveryKernelGivesTheSameBits) {
  for (const RowKernels& kernels : all_row_kernels()) {
    if (!kernels.supported()) continue;
    for (int w = 1; w < 40; ++w) {
      const Image source = golden::noise_image(w * 2, 10, static_cast<uint32_t>(w));
      for (const auto& [out_w, out_h] : {std::pair{w, 5}, {w, 6}, {3 * w, 13}, {1, 1}}) {
        const Image out = resize_with(kernels, source, out_w, out_h);
        EXPECT_EQ(out, resize_with(all_row_kernels().back(), source, out_w, out_h))
            << kernels.name << " " << w * 2 << "x10 to " << out_w << "x" << out_h;
        EXPECT_EQ(out, resize(source, out_w, out_h));
      }
    }
  }
}

TEST(RowKernels, SplitAndConvertAsTheReference) {
  const RowKernels& reference = all_row_kernels().back();
  for (const RowKernels& kernels : all_row_kernels()) {
    if (!kernels.supported()) continue;
    for (size_t n = 0; n < 70; ++n) {
      const std::vector<uint8_t> in = golden::noise(3 * n, static_cast<uint32_t>(n));
      std::vector<uint8_t> planes[2][3];
      for (auto& set : planes)
        for (auto& plane : set) plane.resize(n);
      reference.deinterleave(in.data(), n, planes[0][0].data(), planes[0][1].data(),
                             planes[0][2].data());
      kernels.deinterleave(in.data(), n, planes[1][0].data(), planes[1][1].data(),
                           planes[1][2].data());
      std::vector<float> floats[2] = {std::vector<float>(3 * n), std::vector<float>(3 * n)};
      reference.to_float(in.data(), 3 * n, 255, floats[0].data());
      kernels.to_float(in.data(), 3 * n, 255, floats[1].data());
      for (int c = 0; c < 3; ++c) EXPECT_EQ(planes[0][c], planes[1][c]) << kernels.name << n;
      EXPECT_EQ(floats[0], floats[1]) << kernels.name << n;
    }
  }
}

}  // namespace
}  // namespace shrike
