#include "passes/head_hypotheses.h"

#include <algorithm>
#include <map>

namespace shrike {

namespace {

struct Scale {
  int64_t stride = 0;
  int64_t cells = 0;
  std::vector<size_t> maps;  // indices into HeadTail::maps
};

// Maps grouped by size, largest first; empty when a size does not divide the picture evenly or the
// scales hold different numbers of maps.
std::vector<Scale> group_by_size(const std::vector<Shape>& maps, const Shape& picture) {
  std::map<std::pair<int64_t, int64_t>, Scale, std::greater<>> groups;
  for (size_t i = 0; i < maps.size(); ++i) {
    const int64_t h = maps[i][2], w = maps[i][3];
    if (h < 1 || w < 1 || picture[2] % h != 0 || picture[3] % w != 0 ||
        picture[2] / h != picture[3] / w)
      return {};
    Scale& scale = groups[{h, w}];
    scale.stride = picture[2] / h;
    scale.cells = h * w;
    scale.maps.push_back(i);
  }
  std::vector<Scale> scales;
  for (auto& [size, scale] : groups) scales.push_back(std::move(scale));
  for (const Scale& scale : scales)
    if (scale.maps.size() != scales[0].maps.size()) return {};
  return scales;
}

class Enumerator {
 public:
  Enumerator(const HeadTail& tail, std::vector<Shape> maps, std::vector<Scale> scales)
      : maps_(std::move(maps)),
        scales_(std::move(scales)),
        output_(*tail.graph.static_shape(tail.graph.outputs[0])) {}

  std::vector<HeadHypothesis> run() {
    // Most exporters go from the finest scale to the coarsest, Darknet the other way.
    for (int reversed = 0; reversed < 2; ++reversed) {
      switch (scales_[0].maps.size()) {
        case 1:
          anchored();
          break;
        case 2:
          anchor_free();
          break;
        case 3:
          yolox();
          break;
        default:
          break;
      }
      if (scales_.size() == 1) break;
      std::reverse(scales_.begin(), scales_.end());
    }
    return std::move(found_);
  }

 private:
  int64_t channels(const Scale& scale, size_t m) const { return maps_[scale.maps[m]][1]; }

  // Channels of the maps in role `m`, the same on every scale; 0 when they differ.
  int64_t common_channels(size_t m) const {
    const int64_t c = channels(scales_[0], m);
    for (const Scale& scale : scales_)
      if (channels(scale, m) != c) return 0;
    return c;
  }

  int64_t cells() const {
    int64_t sum = 0;
    for (const Scale& scale : scales_) sum += scale.cells;
    return sum;
  }

  void add(Head head, const std::vector<size_t>& roles) {
    HeadHypothesis hypothesis{std::move(head), {}};
    for (const Scale& scale : scales_) {
      hypothesis.head.strides.push_back(scale.stride);
      for (size_t role : roles) hypothesis.order.push_back(scale.maps[role]);
    }
    found_.push_back(std::move(hypothesis));
  }

  void anchor_free() {
    for (size_t box = 0; box < 2; ++box) {
      const int64_t sides = common_channels(box), classes = common_channels(1 - box);
      if (sides < 4 || sides % 4 != 0 || classes < 1) continue;
      Head head;
      head.kind = HeadKind::kAnchorFree;
      head.num_classes = classes;
      head.reg_max = sides / 4;
      if (output_[1] == 4 + classes && output_[2] == cells()) {
        add(head, {box, 1 - box});
        head.box_format = BoxFormat::kXyxy;
        add(head, {box, 1 - box});
      } else if (output_[2] == 6 && output_[1] <= cells()) {
        head.box_format = BoxFormat::kXyxy;
        head.max_det = output_[1];
        add(head, {box, 1 - box});
      }
    }
  }

  void anchored() {
    const int64_t row = output_[2], c = common_channels(0);
    if (row < 6 || c < row || c % row != 0 || output_[1] != cells() * (c / row)) return;
    Head head;
    head.num_classes = row - 5;
    const auto pairs = static_cast<size_t>(c / row) * scales_.size();
    head.anchors.assign(2 * pairs, 0.0f);
    for (HeadKind kind : {HeadKind::kAnchor, HeadKind::kDarknet}) {
      head.kind = kind;
      add(head, {0});
    }
  }

  void yolox() {
    if (output_[1] != cells()) return;
    std::vector<size_t> roles = {0, 1, 2};
    do {
      if (common_channels(roles[0]) != 4 || common_channels(roles[1]) != 1 ||
          common_channels(roles[2]) != output_[2] - 5)
        continue;
      Head head;
      head.kind = HeadKind::kYolox;
      head.num_classes = output_[2] - 5;
      for (bool decoded : {false, true}) {
        head.decoded = decoded;
        add(head, roles);
      }
    } while (std::next_permutation(roles.begin(), roles.end()));
  }

  std::vector<Shape> maps_;
  std::vector<Scale> scales_;
  Shape output_;
  std::vector<HeadHypothesis> found_;
};

}  // namespace

std::vector<HeadHypothesis> head_hypotheses(const HeadTail& tail, const Shape& picture) {
  const Shape* output = tail.graph.static_shape(tail.graph.outputs[0]);
  if (!output || output->rank() != 3 || tail.graph.inputs.empty()) return {};
  std::vector<Shape> maps;
  for (ValueId id : tail.graph.inputs) maps.push_back(*tail.graph.static_shape(id));
  std::vector<Scale> scales = group_by_size(maps, picture);
  if (scales.empty()) return {};
  return Enumerator(tail, std::move(maps), std::move(scales)).run();
}

}  // namespace shrike
