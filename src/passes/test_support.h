// Small networks with a head, for the tests of passes.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "ir/infer.h"
#include "reference/evaluate.h"

namespace shrike {

inline Tensor noise(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.5f);
  Tensor t(DType::kF32, shape);
  for (float& x : t.mutable_data<float>()) x = normal(random);
  return t;
}

// A network of one strided convolution a map, and a head on them.
inline Graph with_head(const Head& head, const std::vector<int64_t>& channels, int64_t height = 64,
                       int64_t width = 96) {
  Graph g;
  const ValueId picture = g.add_input("images", DType::kF32, Shape{1, 3, height, width});
  std::vector<ValueId> maps;
  for (size_t s = 0; s < head.strides.size(); ++s)
    for (size_t m = 0; m < channels.size(); ++m) {
      const int64_t stride = head.strides[s];
      const unsigned seed = static_cast<unsigned>(10 * s + m);
      const ValueId w = g.add_constant("w", noise(Shape{channels[m], 3, stride, stride}, seed));
      Conv conv;
      conv.strides = {stride, stride};
      maps.push_back(g.add_node(conv, {picture, w}, "map"));
    }
  g.outputs = {g.add_node(head, maps, "output0")};
  EXPECT_TRUE(infer_shapes(g));
  return g;
}

inline Head anchor_free(BoxFormat format, int64_t max_det, int64_t reg_max = 4) {
  Head head;
  head.num_classes = 3;
  head.reg_max = reg_max;
  head.strides = {8, 16, 32};
  head.box_format = format;
  head.max_det = max_det;
  return head;
}

inline Head anchored(HeadKind kind) {
  Head head;
  head.kind = kind;
  head.num_classes = 2;
  head.strides = {16, 8};
  head.anchors = {10, 13.5f, 33, 23, 62, 45, 59, 119};
  if (kind == HeadKind::kDarknet) head.scale_xy = {1.05f, 2.0f};
  head.reg_max = 16;
  return head;
}

inline Head yolox(bool decoded) {
  Head head;
  head.kind = HeadKind::kYolox;
  head.num_classes = 5;
  head.strides = {8, 16};
  head.decoded = decoded;
  return head;
}

struct Case {
  const char* name;
  Head head;
  std::vector<int64_t> channels;
};

inline std::vector<Case> cases() {
  return {{"v8", anchor_free(BoxFormat::kCxcywh, 0), {16, 3}},
          {"xyxy", anchor_free(BoxFormat::kXyxy, 0), {16, 3}},
          {"no_dfl", anchor_free(BoxFormat::kCxcywh, 0, 1), {4, 3}},
          {"end_to_end", anchor_free(BoxFormat::kXyxy, 20), {16, 3}},
          {"end_to_end_all", anchor_free(BoxFormat::kXyxy, 300), {16, 3}},
          {"v5", anchored(HeadKind::kAnchor), {14}},
          {"darknet", anchored(HeadKind::kDarknet), {14}},
          {"yolox_raw", yolox(false), {4, 1, 5}},
          {"yolox_decoded", yolox(true), {4, 1, 5}}};
}

inline std::vector<float> output_of(const Graph& g, const Tensor& picture) {
  const Result<std::vector<Tensor>> out = evaluate_graph(g, std::vector{picture});
  EXPECT_TRUE(out) << out.error().message;
  if (!out) return {};
  const auto data = (*out)[0].data<float>();
  return {data.begin(), data.end()};
}

inline void expect_same(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-4f * (1 + std::abs(a[i]))) << i;
}

}  // namespace shrike
