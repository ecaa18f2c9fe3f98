#include <cassert>

#include "vision/head.h"
#include "vision/score.h"

namespace shrike {

namespace {

constexpr int kBoxAndObjectness = 5;

struct Cell {
  float x, y;
};

Box v5_box(const float* t, Cell cell, const AnchorScale& scale, const AnchorSize& anchor) {
  const float w = 2 * sigmoid(t[2]), h = 2 * sigmoid(t[3]);
  return to_box({(2 * sigmoid(t[0]) - 0.5f + cell.x) * scale.stride,
                 (2 * sigmoid(t[1]) - 0.5f + cell.y) * scale.stride, w * w * anchor.width,
                 h * h * anchor.height});
}

Box darknet_box(const float* t, Cell cell, const AnchorScale& scale, const AnchorSize& anchor) {
  const float k = scale.scale_xy, shift = (k - 1) / 2;
  return to_box({(k * sigmoid(t[0]) - shift + cell.x) * scale.stride,
                 (k * sigmoid(t[1]) - shift + cell.y) * scale.stride, std::exp(t[2]) * anchor.width,
                 std::exp(t[3]) * anchor.height});
}

void decode_cell(const AnchorScale& scale, int64_t cell, AnchorCoding coding, int classes,
                 float floor, const CandidateOptions& options, std::vector<Detection>& out) {
  const Cell at{static_cast<float>(cell % scale.map.width),
                static_cast<float>(cell / scale.map.width)};
  const float* t = scale.map.cell(cell);
  for (const AnchorSize& anchor : scale.anchors) {
    if (t[4] > floor)
      add_labels<Logits>(
          t + kBoxAndObjectness, classes, sigmoid(t[4]), options,
          [&] {
            return coding == AnchorCoding::kV5 ? v5_box(t, at, scale, anchor)
                                               : darknet_box(t, at, scale, anchor);
          },
          out);
    t += kBoxAndObjectness + classes;
  }
}

}  // namespace

void decode_anchors(std::span<const AnchorScale> scales, AnchorCoding coding,
                    const CandidateOptions& options, std::vector<Detection>& out) {
  const float floor = Logits::floor(options.confidence);
  for (const AnchorScale& scale : scales) {
    const auto anchors = static_cast<int>(scale.anchors.size());
    assert(anchors > 0 && scale.map.channels % anchors == 0);
    const int classes = scale.map.channels / anchors - kBoxAndObjectness;
    assert(classes >= 1);
    for (int64_t cell = 0; cell < scale.map.cells(); ++cell)
      decode_cell(scale, cell, coding, classes, floor, options, out);
  }
}

}  // namespace shrike
