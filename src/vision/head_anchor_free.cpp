#include <algorithm>
#include <cassert>

#include "vision/head.h"
#include "vision/nms.h"
#include "vision/score.h"

namespace shrike {

namespace {

// The expected bin of a softmax over `bins` logits; with one bin the value itself.
float expected_distance(const float* logits, int bins) {
  if (bins == 1) return logits[0];
  const float top = *std::max_element(logits, logits + bins);
  float sum = 0, weighted = 0;
  for (int i = 0; i < bins; ++i) {
    const float e = std::exp(logits[i] - top);
    sum += e;
    weighted += e * static_cast<float>(i);
  }
  return weighted / sum;
}

Box box_at(const AnchorFreeScale& scale, int64_t cell, int reg_max) {
  const float* bins = scale.box.cell(cell);
  const float x = static_cast<float>(cell % scale.box.width) + 0.5f;
  const float y = static_cast<float>(cell / scale.box.width) + 0.5f;
  const float left = expected_distance(bins, reg_max);
  const float top = expected_distance(bins + reg_max, reg_max);
  const float right = expected_distance(bins + 2 * reg_max, reg_max);
  const float bottom = expected_distance(bins + 3 * reg_max, reg_max);
  const float s = scale.stride;
  return {(x - left) * s, (y - top) * s, (x + right) * s, (y + bottom) * s};
}

[[maybe_unused]] bool fits(const AnchorFreeScale& scale, int reg_max) {
  return reg_max >= 1 && scale.box.channels == 4 * reg_max && scale.classes.channels >= 1 &&
         scale.box.height == scale.classes.height && scale.box.width == scale.classes.width;
}

// An anchor of the one-to-one head and the score of its best class.
struct Contender {
  float score;
  size_t scale;
  int64_t cell;
};

std::vector<Contender> contenders(std::span<const AnchorFreeScale> scales, float confidence) {
  const float floor = Logits::floor(confidence);
  std::vector<Contender> found;
  for (size_t i = 0; i < scales.size(); ++i) {
    const HeadMap& classes = scales[i].classes;
    for (int64_t cell = 0; cell < classes.cells(); ++cell) {
      const float* logits = classes.cell(cell);
      if (!any_over(logits, classes.channels, floor)) continue;
      const float score = sigmoid(logits[argmax(logits, classes.channels)]);
      if (score > confidence) found.push_back({score, i, cell});
    }
  }
  return found;
}

}  // namespace

void decode_anchor_free(std::span<const AnchorFreeScale> scales, int reg_max,
                        const CandidateOptions& options, std::vector<Detection>& out) {
  for (const AnchorFreeScale& scale : scales) {
    assert(fits(scale, reg_max));
    for (int64_t cell = 0; cell < scale.classes.cells(); ++cell)
      add_labels<Logits>(
          scale.classes.cell(cell), scale.classes.channels, 1.0f, options,
          [&] { return box_at(scale, cell, reg_max); }, out);
  }
}

void decode_end_to_end(std::span<const AnchorFreeScale> scales, int reg_max, float confidence,
                       int max_detections, std::vector<Detection>& out) {
  // Anchors under the threshold rank below all others, so that leaving them out changes nothing
  // of what is over it.
  std::vector<Contender> anchors = contenders(scales, confidence);
  std::stable_sort(anchors.begin(), anchors.end(),
                   [](const Contender& a, const Contender& b) { return a.score > b.score; });
  if (anchors.size() > static_cast<size_t>(max_detections))
    anchors.resize(static_cast<size_t>(max_detections));

  out.clear();
  const CandidateOptions every_label{confidence, true};
  for (const Contender& anchor : anchors) {
    const AnchorFreeScale& scale = scales[anchor.scale];
    assert(fits(scale, reg_max));
    add_labels<Logits>(
        scale.classes.cell(anchor.cell), scale.classes.channels, 1.0f, every_label,
        [&] { return box_at(scale, anchor.cell, reg_max); }, out);
  }
  keep_most_confident(out, max_detections);
}

}  // namespace shrike
