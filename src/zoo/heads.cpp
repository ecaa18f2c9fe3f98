#include "zoo/heads.h"

#include <algorithm>

namespace shrike::zoo {

namespace {

std::string of_scale(const std::string& name, const char* branch, size_t scale, int layer) {
  return name + "." + branch + "." + std::to_string(scale) + "." + std::to_string(layer);
}

ValueId box_branch(NetworkBuilder& net, const std::string& name, size_t scale, ValueId x,
                   int64_t hidden) {
  const ValueId y = net.conv(of_scale(name, "cv2", scale, 0), x, {hidden, 3});
  const ValueId z = net.conv(of_scale(name, "cv2", scale, 1), y, {hidden, 3});
  return net.predictor(of_scale(name, "cv2", scale, 2), z, 4 * kRegMax);
}

ValueId class_layer(NetworkBuilder& net, const std::string& name, ValueId x, int64_t hidden,
                    bool depthwise) {
  if (!depthwise) return net.conv(name, x, {hidden, 3});
  const int64_t channels = net.channels(x);
  const ValueId y = net.conv(name + ".0", x, {channels, 3, 1, channels});
  return net.conv(name + ".1", y, {hidden});
}

ValueId class_branch(NetworkBuilder& net, const std::string& name, size_t scale, ValueId x,
                     int64_t hidden, int64_t classes, bool depthwise) {
  ValueId y = x;
  for (int layer = 0; layer < 2; ++layer)
    y = class_layer(net, of_scale(name, "cv3", scale, layer), y, hidden, depthwise);
  return net.predictor(of_scale(name, "cv3", scale, 2), y, classes);
}

}  // namespace

Graph anchor_free_head(NetworkBuilder net, const std::string& name,
                       const std::vector<ValueId>& features, int64_t classes, bool depthwise) {
  const int64_t first = net.channels(features[0]);
  const int64_t box_hidden = std::max<int64_t>({16, first / 4, 4 * kRegMax});
  const int64_t class_hidden = std::max(first, std::min<int64_t>(classes, 100));
  std::vector<ValueId> maps;
  for (size_t scale = 0; scale < features.size(); ++scale) {
    maps.push_back(box_branch(net, name, scale, features[scale], box_hidden));
    maps.push_back(
        class_branch(net, name, scale, features[scale], class_hidden, classes, depthwise));
  }
  Head head;
  head.num_classes = classes;
  head.strides = {8, 16, 32};
  head.reg_max = kRegMax;
  return net.finish(head, std::move(maps));
}

Graph anchor_head(NetworkBuilder net, const std::string& name, const std::vector<ValueId>& features,
                  int64_t classes) {
  Head head;
  head.kind = HeadKind::kAnchor;
  head.num_classes = classes;
  head.strides = {8, 16, 32};
  // Fitted to COCO by YOLOv5's authors.
  head.anchors = {10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326};
  std::vector<ValueId> maps;
  for (size_t scale = 0; scale < features.size(); ++scale)
    maps.push_back(net.predictor(name + ".m." + std::to_string(scale), features[scale],
                                 head.num_anchors() * (5 + classes)));
  return net.finish(head, std::move(maps));
}

}  // namespace shrike::zoo
