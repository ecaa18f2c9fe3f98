// Pictures in memory in place of a data set, and a context to compose with, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "augment/augmentation.h"
#include "augment/painter.h"

namespace shrike {

class TestPictures {
 public:
  explicit TestPictures(int width, int height)
      : preprocess(Preprocess::ultralytics(width, height)) {}

  // At the size that place() gives it; `truth` is in its pixels.
  void add(Image image, std::vector<Truth> truth = {}) {
    images_.push_back(std::make_shared<const Image>(std::move(image)));
    truth_.push_back(std::move(truth));
    order.push_back(static_cast<uint32_t>(order.size()));
  }

  Result<Composition> composed(uint64_t seed, int64_t epoch = 0, int64_t position = 0) const {
    const PictureSource source = [this](size_t i) -> Result<SourcePicture> {
      return SourcePicture{images_[i], images_[i]->width(), images_[i]->height(), truth_[i]};
    };
    return compose(
        {settings, preprocess, source, order, position, window, Draws(seed, epoch, position)});
  }

  Composition compose_one(uint64_t seed, int64_t epoch = 0, int64_t position = 0) const {
    auto composition = composed(seed, epoch, position);
    EXPECT_TRUE(composition);
    return *std::move(composition);
  }

  const Image& image(size_t i) const { return *images_[i]; }

  Preprocess preprocess;
  AugmentSettings settings = AugmentSettings::none();
  std::vector<uint32_t> order;
  int64_t window = 0;

 private:
  std::vector<std::shared_ptr<const Image>> images_;
  std::vector<std::vector<Truth>> truth_;
};

inline Truth truth_of(int class_id, double x, double y, double width, double height) {
  return {x, y, width, height, width * height, class_id, false, false};
}

inline Image noise(int width, int height, uint32_t seed) {
  std::mt19937 random(seed);
  Image image(width, height);
  for (uint8_t& byte : image.bytes()) byte = static_cast<uint8_t>(random());
  return image;
}

inline Image plain(int width, int height, std::array<uint8_t, 3> colour) {
  Image image(width, height);
  for (size_t i = 0; i < image.bytes().size(); ++i) image.bytes()[i] = colour[i % 3];
  return image;
}

inline std::vector<uint8_t> painted(const Composition& composition, int width, int height,
                                    const PixelKernels& kernels = pixel_kernels()) {
  std::vector<uint8_t> planes(3 * static_cast<size_t>(width) * static_cast<size_t>(height), 0xcd);
  paint(composition, width, height, planes.data(), kernels);
  return planes;
}

inline std::vector<uint8_t> painted(const Composition& composition) {
  return painted(composition, composition.width, composition.height);
}

// That the values are drawn from the uniform distribution over from..to: the largest distance of
// their distribution function from its (Kolmogorov and Smirnov), which is beyond this once in a
// thousand seeds.
inline void expect_uniform(std::vector<double> values, double from, double to) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  double most = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double share = (values[i] - from) / (to - from);
    ASSERT_GE(share, -1e-9);
    ASSERT_LE(share, 1 + 1e-9);
    most = std::max(
        {most, share - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - share});
  }
  EXPECT_LT(most, 1.95 / std::sqrt(count));
}

// That `hits` of `count` are as likely as `probability`, within 3.3 standard deviations.
inline void expect_share(int hits, int count, double probability) {
  const double deviation = std::sqrt(probability * (1 - probability) / count);
  EXPECT_NEAR(static_cast<double>(hits) / count, probability, 3.3 * deviation);
}

}  // namespace shrike
