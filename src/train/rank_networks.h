// Small networks with each kind of head, and pictures for them: for tests of training over ranks.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <utility>

#include "augment/batch.h"
#include "passes/training_graph.h"
#include "train/targets.h"
#include "train/test_support.h"

namespace shrike::train::testing {

inline constexpr int kSide = 64;
inline constexpr int64_t kClasses = 2, kBins = 4, kAnchors = 2;
inline constexpr int kEmptyPictures = 3;  // the first ones, without objects

class NetworkMaker {
 public:
  // "anchor_free", "end_to_end", "anchor", "darknet", "yolox": maps of 8 and 4 cells a side.
  TrainingGraph make(const std::string& family) {
    ValueId x = graph_.add_input("x", DType::kF32, Shape{1, 3, kSide, kSide});
    x = layer(layer(x, 3, 6), 6, 8);
    const ValueId fine = layer(x, 8, 12), coarse = layer(fine, 12, 16);
    TrainingGraph training;
    training.head = head(family, fine, coarse);
    if (family == "end_to_end") {
      training.one_to_many = training.head;
      training.one_to_many->head.max_det = 0;
      training.detached = {graph_.add_node(Unary{}, {fine}, "end"),
                           graph_.add_node(Unary{}, {coarse}, "end")};
      training.head = head(family, training.detached[0], training.detached[1]);
      training.head.head.max_det = 20;
    }
    graph_.outputs = training.head.maps;
    if (training.one_to_many)
      graph_.outputs.insert(graph_.outputs.end(), training.one_to_many->maps.begin(),
                            training.one_to_many->maps.end());
    EXPECT_TRUE(infer_shapes(graph_));
    training.graph = std::move(graph_);
    return training;
  }

 private:
  Tensor weights(const Shape& shape) {
    const double inputs = static_cast<double>(*shape.element_count() / shape[0]);
    const auto most = static_cast<float>(std::sqrt(3 / inputs));
    return random_tensor(shape, random_, -most, most);
  }

  // Half as large a map.
  ValueId layer(ValueId x, int64_t in, int64_t out) {
    Conv conv;
    conv.strides = {2, 2};
    conv.pads = {1, 1, 1, 1};
    const auto constant = [&](const char* name, float low, float high) {
      return graph_.add_constant(name, random_tensor(Shape{out}, random_, low, high));
    };
    const ValueId z =
        graph_.add_node(conv, {x, graph_.add_constant("w", weights(Shape{out, in, 3, 3}))}, "z");
    const ValueId normed = graph_.add_node(
        BatchNorm{1e-3f},
        {z, constant("scale", 0.8f, 1.2f), constant("shift", -0.1f, 0.1f),
         constant("mean", 0, 0.1f), constant("variance", 0.9f, 1.1f)},
        "normed");
    return graph_.add_node(Unary{UnaryKind::kSilu, 0, 0}, {normed}, "y");
  }

  ValueId map(ValueId x, int64_t in, int64_t out, float bias) {
    return graph_.add_node(
        Conv{},
        {x, graph_.add_constant("w", weights(Shape{out, in, 1, 1})),
         graph_.add_constant("b", random_tensor(Shape{out}, random_, bias - 0.1f, bias + 0.1f))},
        "map");
  }

  TrainedHead head(const std::string& family, ValueId fine, ValueId coarse) {
    TrainedHead head;
    head.head.num_classes = kClasses;
    head.head.strides = {8, 16};
    for (const auto& [x, in] : {std::pair{fine, int64_t{12}}, {coarse, int64_t{16}}}) {
      if (family == "anchor_free" || family == "end_to_end") {
        head.maps.push_back(map(x, in, 4 * kBins, 0));
        head.maps.push_back(map(x, in, kClasses, -2));
      } else if (family == "yolox") {
        head.maps.push_back(map(x, in, 4, 0.5f));
        head.maps.push_back(map(x, in, 1, -2));
        head.maps.push_back(map(x, in, kClasses, -1));
      } else {
        head.maps.push_back(map(x, in, kAnchors * (5 + kClasses), 0));
      }
    }
    head.head.kind = family == "yolox"     ? HeadKind::kYolox
                     : family == "anchor"  ? HeadKind::kAnchor
                     : family == "darknet" ? HeadKind::kDarknet
                                           : HeadKind::kAnchorFree;
    head.head.reg_max = kBins;
    if (family == "anchor" || family == "darknet") {
      head.head.anchors = {12, 14, 20, 18, 30, 26, 40, 44};
      head.head.scale_xy = {1.0f, 1.05f};
    }
    return head;
  }

  Graph graph_;
  std::mt19937 random_{12};
};

inline TrainingGraph network_of(const std::string& family) { return NetworkMaker().make(family); }

// The pictures first..end - 1 of a step: noise with up to three boxes each, none in the first ones.
inline Batch bytes_of(int first, int end, int step) {
  Batch batch;
  batch.width = batch.height = kSide;
  for (int picture = first; picture < end; ++picture) {
    std::mt19937 random(static_cast<uint32_t>(1000 * step + picture));
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
    batch.samples.push_back(static_cast<uint32_t>(picture));
    for (size_t i = 0; i < batch.picture_bytes(); ++i)
      batch.pixels.push_back(static_cast<uint8_t>(random()));
    const int objects = picture < kEmptyPictures ? 0 : 1 + below(3);
    for (int i = 0; i < objects; ++i) {
      const int x = below(40), y = below(40);
      batch.targets.push_back({picture - first, below(static_cast<int>(kClasses)),
                               Box{static_cast<float>(x), static_cast<float>(y),
                                   static_cast<float>(x + 8 + below(16)),
                                   static_cast<float>(y + 8 + below(16))}});
    }
  }
  return batch;
}

// The same in doubles.
inline std::pair<at::Tensor, Targets> batch_of(int64_t first, int64_t end, int step) {
  const Batch batch = bytes_of(static_cast<int>(first), static_cast<int>(end), step);
  const at::Tensor pictures =
      at::tensor(batch.pixels, at::kByte).view({end - first, 3, kSide, kSide}).to(at::kDouble) / 255;
  std::vector<int64_t> picture, class_id;
  std::vector<double> boxes;
  for (const Target& target : batch.targets) {
    picture.push_back(target.picture);
    class_id.push_back(target.class_id);
    for (const float side : {target.box.x1, target.box.y1, target.box.x2, target.box.y2})
      boxes.push_back(static_cast<double>(side));
  }
  return {pictures,
          {end - first, at::tensor(picture, at::kLong), at::tensor(class_id, at::kLong),
           at::tensor(boxes, at::kDouble).view({static_cast<int64_t>(picture.size()), 4})}};
}

}  // namespace shrike::train::testing
