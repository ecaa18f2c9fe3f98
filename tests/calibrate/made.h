// A network that is made here, and pictures for it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "calibrate/calibration.h"
#include "ir/infer.h"
#include "pull/test_folder.h"
#include "vision/encode.h"

namespace shrike {

inline constexpr int kSide = 24;

// Pictures of noise that is smooth enough for neighbours to have something in common.
inline std::vector<std::filesystem::path> write_pictures(const std::filesystem::path& folder,
                                                         int count) {
  std::mt19937 random(5);
  std::vector<std::filesystem::path> paths;
  for (int p = 0; p < count; ++p) {
    Image image(kSide, kSide);
    int value = 128;
    for (uint8_t& byte : image.bytes()) {
      value = std::clamp(value + static_cast<int>(random() % 41) - 20, 0, 255);
      byte = static_cast<uint8_t>(value);
    }
    paths.push_back(folder / (std::to_string(p) + ".png"));
    EXPECT_TRUE(write_image(paths.back(), image));
  }
  return paths;
}

// 3 -> 8 (SiLU) -> depthwise, with a residual -> 4, without a head.
class Made {
 public:
  Made() {
    const ValueId x = graph.add_input("x", DType::kF32, Shape{1, 3, kSide, kSide});
    Conv first{.strides = {2, 2}, .pads = {1, 1, 1, 1}, .activation = UnaryKind::kSilu};
    const ValueId a = graph.add_node(first, {x, noise(Shape{8, 3, 3, 3}), noise(Shape{8})}, "a");
    Conv depthwise{.pads = {1, 1, 1, 1}, .group = 8};
    const ValueId b =
        graph.add_node(depthwise, {a, noise(Shape{8, 1, 3, 3}), noise(Shape{8}), a}, "b");
    y = graph.add_node(Conv{}, {b, noise(Shape{4, 8, 1, 1})}, "y");
    graph.outputs = {y};
    EXPECT_TRUE(infer_shapes(graph));
  }

  Graph graph;
  ValueId y;

 private:
  ValueId noise(const Shape& shape) {
    std::normal_distribution<float> normal(0, 0.4f);
    Tensor t(DType::kF32, shape);
    for (float& value : t.mutable_data<float>()) value = normal(random_);
    return graph.add_constant("c", std::move(t));
  }
  std::mt19937 random_{3};
};

inline CalibrationOptions options_of(std::vector<std::filesystem::path> pictures, int threads = 2) {
  CalibrationOptions options;
  options.preprocess = Preprocess::ultralytics(kSide, kSide);
  options.pictures = std::move(pictures);
  options.threads = threads;
  return options;
}

}  // namespace shrike
