// What pixels become, by formulas written a second time.
#include <gtest/gtest.h>

#include <cmath>

#include "augment/box_blur.h"
#include "augment/test_pictures.h"
#include "augment/warp.h"
#include "vision/letterbox.h"

namespace shrike {
namespace {

Scene scene_of(const Image& image, int canvas_width, int canvas_height, int left, int top,
               const Matrix& map) {
  return {{{std::make_shared<const Image>(image), left, top, std::max(left, 0), std::max(top, 0),
            std::min(left + image.width(), canvas_width),
            std::min(top + image.height(), canvas_height)}},
          map};
}

Composition composition_of(Scene scene, int width, int height) {
  Composition composition;
  composition.width = width;
  composition.height = height;
  composition.scenes.push_back({std::move(scene), 1, std::nullopt});
  return composition;
}

// A channel of the canvas at a point, bilinear in doubles; the picture's edge goes on inside what
// shows of it.
double sampled(const Scene& scene, double u, double v, int c, double fill) {
  for (const PlacedPicture& p : scene.pictures) {
    if (u < p.x1 || u >= p.x2 || v < p.y1 || v >= p.y2) continue;
    const double x = u - p.left - 0.5, y = v - p.top - 0.5;
    const auto at = [&](double px, double py) {
      return static_cast<double>(
          p.image->pixel(std::clamp(static_cast<int>(px), 0, p.image->width() - 1),
                         std::clamp(static_cast<int>(py), 0, p.image->height() - 1))[c]);
    };
    const double x0 = std::floor(x), y0 = std::floor(y), f = x - x0, h = y - y0;
    return (at(x0, y0) * (1 - f) + at(x0 + 1, y0) * f) * (1 - h) +
           (at(x0, y0 + 1) * (1 - f) + at(x0 + 1, y0 + 1) * f) * h;
  }
  return fill;
}

std::vector<Matrix> maps() {
  const Matrix away = Matrix::translation(-20.3, -15.7);
  return {Matrix(),
          Matrix::translation(3.25, -4.5),
          Matrix::scaling(1.7, 0.45),
          Matrix::translation(19, 17) * Matrix{{0.8, 0.6, 0, -0.6, 0.8, 0, 0, 0, 1}} * away,
          Matrix::translation(22, 16) * Matrix{{-1.2, 0.4, 0, 0.3, 0.7, 0, 0, 0, 1}} * away,
          Matrix::translation(22, 16) * Matrix{{0, -2.1, 0, -0.9, 0, 0, 0, 0, 1}} * away,
          Matrix::translation(20, 15) * Matrix{{1, 0, 0, 0, 1, 0, 0.004, -0.007, 1}} * away};
}

// Smooth pictures: where the map has an edge of its own, a last bit decides between two pixels, so
// that few may differ.
TEST(Warp, AgreesWithDoubles) {
  Image smooth(41, 31);
  for (int y = 0; y < 31; ++y)
    for (int x = 0; x < 41; ++x)
      for (int c = 0; c < 3; ++c)
        smooth.pixel(x, y)[c] = static_cast<uint8_t>(127 + 60 * std::sin(0.21 * x + c) +
                                                     60 * std::cos(0.17 * y - 2 * c));
  for (size_t i = 0; i < maps().size(); ++i) {
    const Matrix map = maps()[i];
    const Scene scene = scene_of(smooth, 45, 33, 3, -2, map);
    const auto planes = painted(composition_of(scene, 47, 35));
    const Matrix back = inverse(map);
    int far = 0;
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < 35; ++y)
        for (int x = 0; x < 47; ++x) {
          const auto& m = back.m;
          const double px = x + 0.5, py = y + 0.5, w = m[6] * px + m[7] * py + m[8];
          const double expected = sampled(scene, (m[0] * px + m[1] * py + m[2]) / w,
                                          (m[3] * px + m[4] * py + m[5]) / w, c, 114);
          const auto at = static_cast<size_t>((c * 35 + y) * 47 + x);
          far += std::abs(planes[at] - expected) > 1.0;
        }
    EXPECT_LE(far, 6) << "map " << i;
  }
}

// Every kernel, over every map, picture width from 1 and span length.
TEST(Warp, EveryKernelGivesTheSameBits) {
  for (const int width : {1, 2, 3, 4, 5, 17, 41})
    for (const int height : {1, 2, 31}) {
      const Image image = noise(width, height, static_cast<uint32_t>(width * 100 + height));
      for (const Matrix& map : maps())
        for (const int side : {1, 3, 8, 45}) {
          Composition composition = composition_of(scene_of(image, 45, 33, 1, 0, map), side, side);
          composition.hsv = HsvChange{-0.3f, 1.4f, 0.8f};
          const auto expected = painted(composition, side, side, all_pixel_kernels().back());
          for (const PixelKernels& kernels : all_pixel_kernels()) {
            if (!kernels.supported()) continue;
            ASSERT_EQ(painted(composition, side, side, kernels), expected) << kernels.name;
          }
        }
    }
}

TEST(Warp, MirrorsExactly) {
  const Image image = noise(29, 23, 3);
  const auto plain_planes = painted(composition_of(scene_of(image, 29, 23, 0, 0, {}), 29, 23));
  const auto mirrored = painted(
      composition_of(scene_of(image, 29, 23, 0, 0, {{-1, 0, 29, 0, 1, 0, 0, 0, 1}}), 29, 23));
  for (size_t row = 0; row < 3 * 23; ++row)
    for (size_t x = 0; x < 29; ++x) {
      ASSERT_EQ(plain_planes[row * 29 + x], mirrored[row * 29 + 28 - x]);
      ASSERT_EQ(plain_planes[row * 29 + x], image.bytes()[3 * (row % 23 * 29 + x) + row / 23]);
    }
}

// The usual sectors of a colour wheel in degrees, in doubles.
std::array<double, 3> changed(std::array<double, 3> rgb, const HsvChange& change) {
  const double most = std::max({rgb[0], rgb[1], rgb[2]}) / 255;
  const double chroma = most - std::min({rgb[0], rgb[1], rgb[2]}) / 255;
  double hue = 0;
  if (chroma > 0) {
    const double r = rgb[0] / 255, g = rgb[1] / 255, b = rgb[2] / 255;
    if (most == r)
      hue = 60 * std::fmod((g - b) / chroma + 6, 6);
    else if (most == g)
      hue = 60 * ((b - r) / chroma + 2);
    else
      hue = 60 * ((r - g) / chroma + 4);
  }
  hue = std::fmod(hue + 360.0 * static_cast<double>(change.h) + 720, 360);
  const double v = std::min(most * static_cast<double>(change.v), 1.0);
  const double s = std::min((most > 0 ? chroma / most : 0) * static_cast<double>(change.s), 1.0);
  const double sector = std::floor(hue / 60), f = hue / 60 - sector;
  const double p = v * (1 - s), q = v * (1 - s * f), t = v * (1 - s * (1 - f));
  const std::array<std::array<double, 3>, 6> all = {
      {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}};
  auto out = all[static_cast<size_t>(sector) % 6];
  for (double& value : out) value *= 255;
  return out;
}

TEST(Hsv, IsTheColourWheel) {
  for (const HsvChange& change :
       {HsvChange{}, HsvChange{0.015f, 1.7f, 0.6f}, HsvChange{-0.4f, 0.3f, 1.4f},
        HsvChange{1, 2, 2}, HsvChange{-1, 0, 0}, HsvChange{0.5f, 1, 1}})
    for (const PixelKernels& kernels : all_pixel_kernels()) {
      if (!kernels.supported()) continue;
      for (int g = 0; g < 256; g += 15)
        for (int b = 0; b < 256; b += 5) {
          std::vector<uint8_t> r_row(37), g_row(37, static_cast<uint8_t>(g)),
              b_row(37, static_cast<uint8_t>(b));
          for (size_t i = 0; i < 37; ++i) r_row[i] = static_cast<uint8_t>(i * 255 / 36);
          kernels.hsv(change, 37, {r_row.data(), g_row.data(), b_row.data()});
          for (size_t i = 0; i < 37; ++i) {
            const auto expected = changed(
                {static_cast<double>(i * 255 / 36), static_cast<double>(g), static_cast<double>(b)},
                change);
            ASSERT_NEAR(r_row[i], expected[0], 0.51) << g << " " << b << " " << i;
            ASSERT_NEAR(g_row[i], expected[1], 0.51) << g << " " << b << " " << i;
            ASSERT_NEAR(b_row[i], expected[2], 0.51) << g << " " << b << " " << i;
          }
        }
    }
}

TEST(BoxBlur, IsTheMeanOfASquare) {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 9}, {13, 5}, {40, 30}})
    for (const int side : {1, 3, 5, 7, 31}) {
      const Image image = noise(width, height, static_cast<uint32_t>(width + side));
      std::vector<uint8_t> plane(image.bytes().begin(), image.bytes().begin() + width * height);
      const std::vector<uint8_t> before = plane;
      box_blur(width, height, side, plane.data());
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
          int sum = 0;
          for (int dy = -side / 2; dy <= side / 2; ++dy)
            for (int dx = -side / 2; dx <= side / 2; ++dx)
              sum += before[static_cast<size_t>(std::clamp(y + dy, 0, height - 1) * width +
                                                std::clamp(x + dx, 0, width - 1))];
          ASSERT_EQ(plane[static_cast<size_t>(y * width + x)],
                    static_cast<int>(std::floor(static_cast<double>(sum) / (side * side) + 0.5)));
        }
    }
}

// Half of one and half of the other; a part of another; grey; a hole.
TEST(Painter, MixesCutsAndErases) {
  const Image a = plain(16, 12, {200, 100, 50}), b = plain(16, 12, {40, 20, 250});
  Composition composition = composition_of(scene_of(a, 16, 12, 0, 0, {}), 16, 12);
  composition.scenes.push_back({scene_of(b, 16, 12, 0, 0, {}), 0.25, std::nullopt});
  auto planes = painted(composition);
  EXPECT_EQ(planes[0], 160);
  EXPECT_EQ(planes[16 * 12], 80);
  EXPECT_EQ(planes[2 * 16 * 12], 100);

  composition.scenes[1] = {scene_of(b, 16, 12, 0, 0, {}), 1, Rect{4, 3, 10, 12}};
  composition.erased = Rect{0, 0, 2, 1};
  for (const int size : {1, 2}) {
    planes = painted(composition, 16 * size, 12 * size);
    for (int y = 0; y < 12 * size; ++y)
      for (int x = 0; x < 16 * size; ++x) {
        const bool hole = x < 2 * size && y < size;
        const bool cut = x >= 4 * size && x < 10 * size && y >= 3 * size;
        ASSERT_EQ(planes[static_cast<size_t>(y * 16 * size + x)], hole ? 114 : cut ? 40 : 200);
      }
  }
  composition.scenes.pop_back();
  composition.erased.reset();
  composition.grey = true;
  planes = painted(composition);
  for (const size_t at : {size_t{0}, size_t{16 * 12}, size_t{2 * 16 * 12}})
    EXPECT_EQ(planes[at], std::lround(0.299 * 200 + 0.587 * 100 + 0.114 * 50));
}

}  // namespace
}  // namespace shrike
