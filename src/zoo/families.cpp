#include "zoo/families.h"

#include "base/excerpt.h"
#include "zoo/blocks.h"
#include "zoo/heads.h"
#include "zoo/scales.h"

namespace shrike::zoo {

namespace {

constexpr int64_t kStride = 32;
constexpr int64_t kMostClasses = 10000;

// "model.7", the module at that place of the published configuration.
std::string module(int index) { return "model." + std::to_string(index); }

// The neck that all three share: two steps up, two steps down. `block` makes the block at a place;
// v5 halves channels in front of each step up, the others do not.
struct Pyramid {
  std::vector<ValueId> features;
  int next = 0;  // the head's place
};

template <typename Block>
Pyramid upwards_and_downwards(NetworkBuilder& net, const Scale& scale, int at, ValueId p3,
                              ValueId p4, ValueId p5, Block block) {
  ValueId up = net.upsample(module(at), p5);
  const ValueId n4 = block(at + 2, net.concat(module(at + 1), {up, p4}), 512, false);
  up = net.upsample(module(at + 3), n4);
  const ValueId n3 = block(at + 5, net.concat(module(at + 4), {up, p3}), 256, false);
  ValueId down = net.conv(module(at + 6), n3, {scale.channels(256), 3, 2});
  const ValueId o4 = block(at + 8, net.concat(module(at + 7), {down, n4}), 512, false);
  down = net.conv(module(at + 9), o4, {scale.channels(512), 3, 2});
  const ValueId o5 = block(at + 11, net.concat(module(at + 10), {down, p5}), 1024, true);
  return {{n3, o4, o5}, at + 12};
}

Graph yolov8(NetworkBuilder net, const Scale& s, int64_t classes) {
  ValueId x = net.conv(module(0), net.picture(), {s.channels(64), 3, 2});
  std::vector<ValueId> stages;
  constexpr int64_t kChannels[] = {128, 256, 512, 1024}, kRepeats[] = {3, 6, 6, 3};
  for (int i = 0; i < 4; ++i) {
    x = net.conv(module(2 * i + 1), x, {s.channels(kChannels[i]), 3, 2});
    x = c2f(net, module(2 * i + 2), x, {s.channels(kChannels[i]), s.repeats(kRepeats[i])});
    stages.push_back(x);
  }
  const ValueId p5 = sppf(net, module(9), x, s.channels(1024));
  const auto block = [&](int at, ValueId y, int64_t out, bool) {
    return c2f(net, module(at), y, {s.channels(out), s.repeats(3), false});
  };
  const Pyramid neck = upwards_and_downwards(net, s, 10, stages[1], stages[2], p5, block);
  return anchor_free_head(std::move(net), module(neck.next), neck.features, classes, false);
}

// From size m on, the inner blocks of every C3k2 are C3 blocks.
Graph yolo11(NetworkBuilder net, const Scale& s, int64_t classes) {
  const bool nested = s.most_channels < 1024;
  ValueId x = net.conv(module(0), net.picture(), {s.channels(64), 3, 2});
  std::vector<ValueId> stages;
  constexpr int64_t kDown[] = {128, 256, 512, 1024}, kOut[] = {256, 512, 512, 1024};
  for (int i = 0; i < 4; ++i) {
    x = net.conv(module(2 * i + 1), x, {s.channels(kDown[i]), 3, 2});
    const int64_t out = s.channels(kOut[i]);
    x = c3k2(net, module(2 * i + 2), x, {out, s.repeats(2), true, i < 2 ? out / 4 : out / 2},
             nested || i >= 2);
    stages.push_back(x);
  }
  const ValueId pooled = sppf(net, module(9), x, s.channels(1024));
  const ValueId p5 = c2psa(net, module(10), pooled, s.repeats(2));
  const auto block = [&](int at, ValueId y, int64_t out, bool last) {
    return c3k2(net, module(at), y, {s.channels(out), s.repeats(2)}, nested || last);
  };
  const Pyramid neck = upwards_and_downwards(net, s, 11, stages[1], stages[2], p5, block);
  return anchor_free_head(std::move(net), module(neck.next), neck.features, classes, true);
}

Graph yolov5(NetworkBuilder net, const Scale& s, int64_t classes, bool anchors) {
  ValueId x = net.conv(module(0), net.picture(), {s.channels(64), 6, 2});
  std::vector<ValueId> stages;
  constexpr int64_t kChannels[] = {128, 256, 512, 1024}, kRepeats[] = {3, 6, 9, 3};
  for (int i = 0; i < 4; ++i) {
    x = net.conv(module(2 * i + 1), x, {s.channels(kChannels[i]), 3, 2});
    x = c3(net, module(2 * i + 2), x, {s.channels(kChannels[i]), s.repeats(kRepeats[i])});
    stages.push_back(x);
  }
  const auto block = [&](int at, ValueId y, int64_t out) {
    return c3(net, module(at), y, {s.channels(out), s.repeats(3), false});
  };
  const ValueId p5 =
      net.conv(module(10), sppf(net, module(9), x, s.channels(1024)), {s.channels(512)});
  ValueId up = net.upsample(module(11), p5);
  const ValueId n4 = block(13, net.concat(module(12), {up, stages[2]}), 512);
  const ValueId p4 = net.conv(module(14), n4, {s.channels(256)});
  up = net.upsample(module(15), p4);
  const ValueId n3 = block(17, net.concat(module(16), {up, stages[1]}), 256);
  ValueId down = net.conv(module(18), n3, {s.channels(256), 3, 2});
  const ValueId o4 = block(20, net.concat(module(19), {down, p4}), 512);
  down = net.conv(module(21), o4, {s.channels(512), 3, 2});
  const ValueId o5 = block(23, net.concat(module(22), {down, p5}), 1024);
  const std::vector<ValueId> features{n3, o4, o5};
  return anchors ? anchor_head(std::move(net), module(24), features, classes)
                 : anchor_free_head(std::move(net), module(24), features, classes, false);
}

// Darknet's layers, leaky with a slope of 0.1, batch norms with its epsilon.
Graph yolov3_tiny(NetworkBuilder net, int64_t classes) {
  ValueId x = net.picture(), fine = kNoValue;
  int at = 0;
  for (const int64_t out : {16, 32, 64, 128, 256, 512}) {
    x = net.conv(module(at++), x, {out, 3});
    if (out == 256) fine = x;
    x = net.max_pool(module(at++), x, 2, out == 512 ? 1 : 2);
  }
  const ValueId wide = net.conv(module(12), x, {1024, 3});
  const ValueId coarse = net.conv(module(13), wide, {256});
  const ValueId hidden = net.conv(module(14), coarse, {512, 3});
  Head head;
  head.kind = HeadKind::kDarknet;
  head.num_classes = classes;
  head.strides = {32, 16};
  head.anchors = {81, 82, 135, 169, 344, 319, 10, 14, 23, 27, 37, 58};
  head.scale_xy = {1, 1};
  const int64_t channels = head.num_anchors() * (5 + classes);
  std::vector<ValueId> maps{net.predictor(module(15), hidden, channels)};
  const ValueId up = net.upsample(module(19), net.conv(module(18), coarse, {128}));
  const ValueId joined = net.concat(module(20), {up, fine});
  maps.push_back(net.predictor(module(22), net.conv(module(21), joined, {256, 3}), channels));
  return net.finish(head, std::move(maps));
}

struct Family {
  std::string_view name;
  Scale scale;
  Graph (*build)(NetworkBuilder net, const Scale& scale, int64_t classes);
  Unary activation = {UnaryKind::kSilu, 0, 0};
  float epsilon = 1e-3f;
};

Graph with_anchors(NetworkBuilder net, const Scale& scale, int64_t classes) {
  return yolov5(std::move(net), scale, classes, true);
}
Graph without_anchors(NetworkBuilder net, const Scale& scale, int64_t classes) {
  return yolov5(std::move(net), scale, classes, false);
}
Graph tiny(NetworkBuilder net, const Scale&, int64_t classes) {
  return yolov3_tiny(std::move(net), classes);
}

constexpr Family kFamilies[] = {
    {"yolov8n", {0.33, 0.25, 1024}, yolov8},
    {"yolov8s", {0.33, 0.50, 1024}, yolov8},
    {"yolov8m", {0.67, 0.75, 768}, yolov8},
    {"yolo11n", {0.50, 0.25, 1024}, yolo11},
    {"yolo11s", {0.50, 0.50, 1024}, yolo11},
    {"yolo11m", {0.50, 1.00, 512}, yolo11},
    {"yolov5n", {0.33, 0.25, 1024}, with_anchors},
    {"yolov5s", {0.33, 0.50, 1024}, with_anchors},
    {"yolov5m", {0.67, 0.75, 1024}, with_anchors},
    {"yolov5nu", {0.33, 0.25, 1024}, without_anchors},
    {"yolov5su", {0.33, 0.50, 1024}, without_anchors},
    {"yolov5mu", {0.67, 0.75, 1024}, without_anchors},
    {"yolov3-tiny", {}, tiny, {UnaryKind::kLeakyRelu, 0.1f, 0}, 1e-5f},
};

}  // namespace

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.emplace_back(family.name);
  return names;
}

Result<Graph> family_graph(std::string_view name, int64_t classes, int64_t height, int64_t width) {
  if (classes < 1 || classes > kMostClasses)
    return usage_error(std::to_string(classes) + " classes: a detector has 1 to " +
                       std::to_string(kMostClasses));
  for (const int64_t side : {height, width})
    if (side < kStride || side % kStride != 0 || side > 65536)
      return usage_error("a side of " + std::to_string(side) +
                         " pixels: the built-in models take multiples of " +
                         std::to_string(kStride));
  for (const Family& family : kFamilies) {
    if (family.name != name) continue;
    Graph graph = family.build(NetworkBuilder(height, width, family.activation, family.epsilon),
                               family.scale, classes);
    graph.name = family.name;
    graph.metadata = {{"task", "detect"}, {"stride", std::to_string(kStride)}};
    return graph;
  }
  return usage_error("there is no built-in model " + in_quotes(name));
}

}  // namespace shrike::zoo
